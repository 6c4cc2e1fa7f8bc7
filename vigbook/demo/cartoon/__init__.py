"""Draws the example films: picture-book figures taking turns, with no real people in them."""

from vigbook.demo.cartoon.film import draw_film
from vigbook.demo.cartoon.scenes import SCENES
from vigbook.demo.cartoon.story import FPS, HEIGHT, WIDTH, Moment, Person, Scene

__all__ = ["FPS", "HEIGHT", "SCENES", "WIDTH", "Moment", "Person", "Scene", "draw_film"]
