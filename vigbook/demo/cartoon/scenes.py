"""The three example films: who is in them, in what room, and what happens when."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping

from vigbook.demo.cartoon.story import CartoonPerson, Scene, tell

_SAM = CartoonPerson(
    name="Sam",
    role="parent",
    skin="#A5673F",
    hair="#2E1D1B",
    style="bun",
    top="#E3A32E",
    legs="#4B5B7C",
    trim="#F6DFA6",
)
_MIA = CartoonPerson(
    name="Mia",
    role="child",
    skin="#B5764B",
    hair="#37221D",
    style="puffs",
    top="#D9553F",
    legs="#3F6B73",
    trim="#FBE9CF",
    pattern="stripes",
)
_DAD = CartoonPerson(
    name="Dad",
    role="parent",
    skin="#C98D5E",
    hair="#2B2224",
    style="beard",
    top="#2F6F73",
    legs="#59473F",
    trim="#DCEBE2",
)
_YUSUF = CartoonPerson(
    name="Yusuf",
    role="child",
    skin="#D79E6C",
    hair="#33231F",
    style="curls",
    top="#F0B83C",
    legs="#35557F",
    trim="#FFF3D6",
    pattern="stripes",
)
_HANA = CartoonPerson(
    name="Hana",
    role="visitor",
    skin="#CB9362",
    hair="#7A3F63",
    style="scarf",
    top="#B9577A",
    legs="#8C3F5F",
    trim="#F2C9D3",
)

_TEA = tell(
    "cup",
    """
    3 Mia play, 4 Sam wait, 4 Mia show, 4 Sam name, 4 Mia offer, 3 Sam take, 4 Sam offer,
    3 Mia take, 4 both laugh, 3 Mia play, 3 Mia away, 4 Sam soft, 3 Mia back, 4 Sam invite,
    4 Mia reach, 4 Sam talk, 4 Mia answer, 4 both laugh, 3 Mia play, 3 Mia away, 3 Sam soft,
    4 Mia back, 4 Sam talk, 4 Mia reach, 4 Sam show, 3 Mia ask, 4 Sam offer, 4 Mia take,
    4 Sam wait, 4 Mia offer, 4 Sam take, 3 Mia ask, 4 Sam offer, 4 both laugh""",
)
_BED = tell(
    "otter",
    """
    4 Sam talk, 4 Mia reach, 4 Sam show, 4 Mia ask, 4 Sam offer, 4 Mia take, 4 Sam wait,
    4 Mia show, 4 Sam name, 4 both laugh, 4 Mia away, 5 Sam soft, 4 Mia back, 4 Sam invite,
    4 Mia answer, 4 Sam talk, 4 Mia reach, 4 both laugh, 4 Mia play, 4 Sam wait, 4 Mia offer,
    4 Sam take, 4 Mia ask, 4 Sam offer, 4 Mia take, 4 Mia away, 4 Sam soft, 4 Mia back,
    4 Sam talk, 4 Mia answer, 4 Sam invite""",
)
_BRICKS = tell(
    "brick",
    """
    4 Yusuf ready, 4 Yusuf build, 4 Dad ready, 4 Dad build, 4 Yusuf show, 4 Yusuf build,
    4 both topple, 4 Yusuf away, 4 Dad soft, 4 Yusuf back, 4 Dad invite, 4 Yusuf reach,
    4 Hana joins, 4 Yusuf show, 4 Yusuf build, 4 Hana cheers, 4 Hana leaves,
    4 Dad talk, 4 Yusuf ready, 4 Yusuf offer, 4 Dad take, 4 Dad build, 4 Yusuf answer,
    4 Dad ready, 4 Dad offer, 4 Yusuf take, 4 Yusuf build, 4 both topple, 4 Yusuf ready,
    4 Dad wait, 5 Yusuf show""",
)

SCENES: Mapping[str, Scene] = types.MappingProxyType(
    {
        "tea-time": Scene(
            seconds=125,
            people=(_SAM, _MIA),
            setting="table",
            prop="cup",
            moments=_TEA,
            palette={
                "wall": "#F7E6CB",
                "floor": "#C98F62",
                "soft": "#EFD3AC",
                "deep": "#8A4B38",
                "cloth": "#7FA99B",
                "sky": "#BFE0E6",
                "far": "#8FB573",
                "light": "#FFF4D6",
                "prop": "#3C7FA6",
            },
        ),
        "bedtime": Scene(
            seconds=125,
            setting="bed",
            prop="otter",
            moments=_BED,
            people=(
                dataclasses.replace(_SAM, top="#C9DCEB", trim="#6F8FB5", pattern="stripes"),
                dataclasses.replace(_MIA, top="#F1C65B", trim="#FFF6DC", pattern="spots"),
            ),
            palette={
                "wall": "#8E98C6",
                "floor": "#5D6494",
                "soft": "#9FA8D2",
                "deep": "#434A78",
                "cloth": "#C4665C",
                "sky": "#2B3564",
                "far": "#1F274C",
                "light": "#FFE2A0",
                "prop": "#A98566",
            },
        ),
        "bricks": Scene(
            seconds=125,
            people=(_DAD, _YUSUF, _HANA),
            setting="floor",
            prop="brick",
            moments=_BRICKS,
            palette={
                "wall": "#DDE9DC",
                "floor": "#C79A6E",
                "soft": "#C7DACB",
                "deep": "#7E5A45",
                "cloth": "#E7C9A9",
                "sky": "#BFE0E6",
                "far": "#8FB573",
                "light": "#FFF7DE",
                "prop": "#D2503F",
            },
        ),
    }
)
