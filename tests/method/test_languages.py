"""The printed languages: whole catalogues, fonts, and a text that comes back out of the PDF.

One family is built once and printed in every language, with words of that language in quotation
marks. What a reader can search, copy or have read aloud must be what was put in.
"""

from __future__ import annotations

import ast
import datetime
import functools
import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pypdfium2
import pytest
from babel.messages.pofile import read_po
from families import TODAY
from pdfs import fonts_in
from pypdf import PdfReader

import vigbook
from vigbook.case.consent import WORDS_FOR_USE
from vigbook.case.folder import find_family, read_case_folder
from vigbook.cycle.context import open_context
from vigbook.method.language import Words, join_names, load_words, write_date
from vigbook.method.method import load_method
from vigbook.method.templates import find_templates
from vigbook.paper.glyphs import find_missing_glyphs, glyph_problem, set_in_one_face
from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant
from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]
Paper = Callable[[Path, str, str], Path]

TEMPLATES = find_templates()
FONTS = TEMPLATES[0] / "print" / "fonts"
LANGUAGES = ("ar", "bn", "cy", "es", "fr", "pl", "uk")
# What parents may say, with what is hard in each language: marks, joined letters, its own quotation
# marks, numbers, a Latin name.
SAID = {
    "en": {
        "words.us": "Mia and me",
        "clip-1.did": "I waited, then I said: “Your turn!”",
        "clip-2.did": "She looks at me – and smiles.",
        "helped": ["Waiting (for 5 seconds) until she is ready.", "Saying what she is doing."],
        "remember": "She looks for me.",
        "try.what": "Wait and count to 5.",
        "try.where": "At the tea table.",
        "try.when": "At 17:30, two days a week.",
    },
    "cy": {
        "words.us": "Mia a fi",
        "clip-1.did": "Fe wnes i aros, wedyn dweud: “Dy dro di!”",
        "clip-2.did": "Mae hi’n edrych arna i – ac yn gwenu. Tŷ bach, dŵr, Ŵyn, Ŷd.",
        "helped": ["Aros (am 5 eiliad) nes ei bod hi’n barod.", "Dweud beth mae hi’n ei wneud."],
        "remember": "Mae hi’n chwilio amdana i.",
        "try.what": "Aros a chyfri i 5.",
        "try.where": "Wrth y bwrdd te, yn y tŷ.",
        "try.when": "Am 17:30, ddau ddiwrnod yr wythnos.",
    },
    "pl": {
        "words.us": "Mia i ja",
        "clip-1.did": "Czekałam, a potem powiedziałam: „Twoja kolej!”",
        "clip-2.did": "Patrzy na mnie – i się uśmiecha. Żółć, gęślą jaźń, ŹRÓDŁO.",
        "helped": ["Czekanie (5 sekund), aż będzie gotowa.", "Mówienie, co według mnie robi."],
        "remember": "Ona mnie szuka.",
        "try.what": "Poczekać i policzyć do 5.",
        "try.where": "Przy stole, w kuchni.",
        "try.when": "O 17:30, dwa dni w tygodniu.",
    },
    "uk": {
        "words.us": "Мія і я",
        "clip-1.did": "Я зачекала, а потім сказала: «Твоя черга!»",
        "clip-2.did": "Вона дивиться на мене – і всміхається. П’ять ґудзиків, їжак, замо\u0301к.",
        "helped": ["Чекати (5 секунд), поки вона буде готова.", "Казати, що вона робить."],
        "remember": "Вона шукає мене очима.",
        "try.what": "Зачекати й порахувати до 5.",
        "try.where": "За столом, на кухні.",
        "try.when": "О 17:30, двічі на тиждень.",
    },
    "es": {
        "words.us": "Mia y yo",
        "clip-1.did": "Esperé y luego dije: «¡Te toca!»",
        "clip-2.did": "Me mira – y sonríe. ¡Sí! ¿Y ahora qué?",
        "helped": ["Esperar (5 segundos) hasta que quiera.", "Decir lo que hace mi pequeña."],
        "remember": "Me busca con la mirada.",
        "try.what": "Esperar y contar hasta 5.",
        "try.where": "En la mesa, por la mañana.",
        "try.when": "A las 17:30, dos días a la semana.",
    },
    "fr": {
        "words.us": "Mia et moi",
        "clip-1.did": "J’ai attendu, puis j’ai dit : « À toi ! »",
        "clip-2.did": "Elle me regarde – et elle sourit. Œuf, cœur, Noël, garçon.",
        "helped": ["Attendre (5 secondes) qu’elle soit prête.", "Dire ce qu’elle fait, je crois."],
        "remember": "Elle me cherche des yeux.",
        "try.what": "Attendre et compter jusqu’à 5.",
        "try.where": "À la table du goûter.",
        "try.when": "À 17 h 30, deux jours par semaine.",
    },
    "bn": {
        "words.us": "মিয়া আর আমি",
        "clip-1.did": "আমি অপেক্ষা করলাম, তারপর Mia-কে বললাম: “এবার তোমার পালা!”",
        "clip-2.did": "ক্ষুদ্র স্ত্রী জ্ঞান ক্রন্দন র\u200d্যাব উজ্জ্বল সন্ধ্যায় হ্যাঁ।",
        "helped": ["ও তৈরি না হওয়া পর্যন্ত (5 সেকেন্ড) অপেক্ষা করা।", "ও কী করছে তা বলা।"],
        "remember": "ও আমাকে খোঁজে।",
        "try.what": "অপেক্ষা করা আর 5 পর্যন্ত গোনা।",
        "try.where": "চায়ের টেবিলে।",
        "try.when": "বিকেল 17:30-এ, সপ্তাহে দুই দিন।",
    },
    "ar": {
        "words.us": "ميا وأنا",
        "clip-1.did": "انتظرت 5 ثوانٍ ثم قلت لـ Mia: دورك الآن.",
        "clip-2.did": "تنظر إليّ وتبتسم. قالت: «نعم»، ثم ضحكت (كثيرًا)!",
        "helped": ["أن أنتظر (5 ثوانٍ) حتى تستعد.", "أن أقول ما أظن أنها تفعله."],
        "remember": "هي تبحث عني بعينيها.",
        "try.what": "أن أنتظر وأعدّ إلى 5.",
        "try.where": "عند طاولة الشاي.",
        "try.when": "الساعة 17:30، يومين في الأسبوع.",
    },
}
PAPERS = {
    "clear": Variant(name="take-home"),
    "large": Variant(name="take-home", size="large"),
    "easy": Variant(name="take-home", size="easy"),
    "worksheet": Variant(name="worksheet"),
    "record": Variant(name="record"),
}
ON = {  # the answers that stand on each paper
    "clear": [*SAID["en"]],
    "large": [*SAID["en"]],
    "easy": ["words.us", "clip-1.did", "try.what", "try.where", "try.when"],
    "worksheet": ["words.us"],
    "record": [one for one in SAID["en"] if one != "words.us"],
}


# Room to draw has no page of its own; why pictures were left out of a record is told in English.
NOT_ASKED = {"Draw or write here", "Looking together", *WORDS_FOR_USE.values()}


def words_of(language: str) -> Words:
    return load_words(TEMPLATES, language)


# --- catalogues ---


def sentences() -> set[str]:
    """Returns every fixed sentence of ours that stands on a family's page or in a record."""
    found: set[str] = set()
    for path in [*TEMPLATES[0].glob("print/*.j2"), *TEMPLATES[0].glob("screen/*.j2")]:
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        found |= {json.loads(one) for one in re.findall(r'_\(\s*("(?:[^"\\]|\\.)*")', text)}
    for path in Path(vigbook.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(
                node.func, "attr", getattr(node.func, "id", "")
            ) in ("say", "_sentence"):
                found |= {
                    one.value
                    for one in node.args[:1]
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    method = load_method(TEMPLATES, "vig").file
    asked = method.prompts
    for prompt in (*asked.opening, *asked.clip, *asked.closing):
        found |= {text for text in (prompt.label, prompt.hint) if text}
    found |= {one.heading for one in method.principles}
    return found | set(WORDS_FOR_USE.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fixed_sentence_is_translated_and_none_is_left_from_before(language: str) -> None:
    wanted, there = sentences(), words_of(language).catalogue
    assert len(wanted) > 150
    assert sorted(wanted - set(there)) == []
    assert sorted(set(there) - wanted) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_keeps_its_names_and_can_be_printed(language: str) -> None:
    for english, said in words_of(language).catalogue.items():
        for holes in (r"%\(\w+\)s", r"\{\w+\}"):
            assert sorted(re.findall(holes, said)) == sorted(re.findall(holes, english)), english
        assert said.strip() == said, english
    every = "".join(words_of(language).catalogue.values())
    assert find_missing_glyphs(every, FONTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_how_it_speaks_and_that_no_native_speaker_has_read_it(
    language: str,
) -> None:
    path = TEMPLATES[0] / "locale" / language / "LC_MESSAGES" / "vigbook.po"
    head = path.read_text("utf-8").partition("msgid")[0]
    assert "Address: " in head
    assert "# Checked by a native speaker: no\n" in head
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert str(catalogue.locale) == language
    numbered = [one for one in catalogue if one.pluralizable]
    assert numbered
    for message in numbered:
        forms = [*(message.string or ())]
        assert len(forms) == catalogue.num_plurals
        assert all(forms)


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", 1, "1 entry, of 9"), ("en", 2, "2 entries, the last of 9"),
        ("pl", 1, "1 wpis, z 9"), ("pl", 3, "3 wpisy, ostatni z 9"),
        ("pl", 12, "12 wpisów, ostatni z 9"), ("pl", 22, "22 wpisy, ostatni z 9"),
        ("uk", 21, "21 запис, від 9"), ("uk", 24, "24 записи, останній від 9"),
        ("uk", 11, "11 записів, останній від 9"),
        ("cy", 2, "2 gofnod, yr olaf o 9"), ("cy", 3, "3 chofnod, yr olaf o 9"),
        ("cy", 5, "5 cofnod, yr olaf o 9"), ("cy", 6, "6 chofnod, yr olaf o 9"),
        ("ar", 2, "مدخلان (2)، آخرهما 9"), ("ar", 7, "7 مدخلات، آخرها 9"),
        ("ar", 40, "40 مدخلًا، آخرها 9"), ("fr", 0, "0 entrée, du 9"),
        ("de", 2, "2 entries, the last of 9"),
    ],
)  # fmt: skip
def test_a_number_takes_the_form_of_its_language(language: str, number: int, said: str) -> None:
    one, many = "%(num)s entry, of %(at)s", "%(num)s entries, the last of %(at)s"
    assert words_of(language).say_many(one, many, number, at="9") == said


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("en", (2026, 6, 1), "1 June 2026"), ("cy", (2026, 6, 1), "1 Mehefin 2026"),
        ("fr", (2026, 6, 1), "1er juin 2026"), ("fr", (2026, 6, 11), "11 juin 2026"),
        ("uk", (2026, 6, 1), "1 червня 2026\u00a0року"), ("pl", (2026, 6, 1), "1 czerwca 2026"),
        ("es", (2026, 6, 1), "1 de junio de 2026"), ("bn", (2026, 6, 1), "1 জুন, 2026"),
        ("ar", (2026, 6, 1), "1 يونيو 2026"),
    ],
)  # fmt: skip
def test_a_date_stands_in_a_sentence(language: str, day: tuple[int, int, int], said: str) -> None:
    words = words_of(language)
    assert words.date(datetime.date(*day)) == said
    assert write_date(datetime.date(*day), words.locale) == said
    meet = words.say("We meet again on %(date)s.", date=said)
    assert said in meet
    assert not re.search(r"[.।]{2}|\s\s", meet)


@pytest.mark.parametrize(
    ("language", "names", "said"),
    [
        ("en", "Mia Sam Pat", "Mia, Sam and Pat"), ("cy", "Mia Sam", "Mia a Sam"),
        ("cy", "Mia Owen", "Mia ac Owen"), ("cy", "Mia Sam Ynyr", "Mia, Sam, ac Ynyr"),
        ("cy", "Mia Yusuf", "Mia a Yusuf"), ("cy", "Mia", "Mia"),
        ("es", "Mia Sam", "Mia y Sam"), ("es", "Sam Isla", "Sam e Isla"),
        ("es", "Sam Hiniesta Inés", "Sam, Hiniesta e Inés"), ("es", "Sam Iago", "Sam y Iago"),
        ("uk", "Мія Сем", "Мія і Сем"), ("uk", "Мія Ігор", "Мія та Ігор"),
        ("pl", "Mia Sam", "Mia i Sam"), ("fr", "Mia Sam", "Mia et Sam"),
        ("bn", "Mia Sam", "Mia এবং Sam"), ("ar", "ميا سام", "ميا وسام"), ("ar", "", ""),
    ],
)  # fmt: skip
def test_names_are_listed_as_people_list_them(language: str, names: str, said: str) -> None:
    assert join_names(names.split(), words_of(language).locale) == said
    assert words_of(language).list(names.split()) == said


# --- pages ---


@pytest.fixture(scope="module")
def shelf(_built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Returns what lays out the built family with words of a language in it."""
    place = tmp_path_factory.mktemp("languages")

    @functools.cache
    def lay_out(spoken: str, translated: str = "") -> Path:
        family = place / f"{spoken}{translated}" / "wren"
        shutil.copytree(_built_once, family.parent)
        shutil.rmtree(family / "cycle-1" / "print")
        case = family / "case.yaml"
        text = case.read_text("utf-8").replace("wren\n", f"wren\nlanguage: {spoken}\n", 1)
        case.write_text(text, "utf-8")
        lines = []
        for number, (prompt, value) in enumerate(SAID[spoken].items()):
            line = {"v": 1, "id": f"{number:016x}", "at": f"2026-09-19T10:00:{number:02}.000Z",
                    "prompt": prompt, "value": value, "by": "mum"}  # fmt: skip
            if translated and isinstance(value, str) and prompt != "words.us":
                other = {"text": SAID[translated][prompt], "by": "Ewa Nowak"}
                line["translations"] = {translated: other}
            lines.append(json.dumps(line | {"entered_by": "practitioner", "source": "said",
                                            "base": None}, ensure_ascii=False))  # fmt: skip
        (family / "cycle-1" / "answers.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        return family

    return lay_out


def print_in(renderer: PageRenderer, family: Path, name: str, language: str) -> Path:
    """Prints a paper of a family, in a language."""
    root, folders = find_family(family)
    files = read_case_folder(root, folders)
    today = datetime.date.fromisoformat(TODAY)
    context = open_context(files, folders[0], TEMPLATES, today)
    kind = PAPERS[name]
    variant = Variant(name=kind.name, size=kind.size, language=language)
    return print_paper(context, variant, renderer).path


@pytest.fixture(scope="module")
def paper(renderer: PageRenderer) -> Paper:
    """Prints each paper once."""
    return functools.cache(functools.partial(print_in, renderer))


def plain(text: str) -> str:
    """Returns a text as a search would take it: spaces folded, one form of each letter."""
    seen = re.sub("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]", "", text)
    return " ".join(unicodedata.normalize("NFC", seen).split())


@functools.cache
def read_back(path: Path) -> dict[str, str]:
    """Returns a paper's text as three readers see it."""
    # As it is drawn, but for Arabic, whose lines a reader has to turn round.
    order = [] if path.parts[-5].startswith("ar") else ["-raw"]
    command = ["pdftotext", *order, "-enc", "UTF-8", str(path), "-"]
    poppler = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pages = pypdfium2.PdfDocument(str(path))
    pdfium = "\n".join(page.get_textpage().get_text_range() for page in pages)
    pypdf = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    pages.close()
    return {"poppler": plain(poppler), "pdfium": plain(pdfium), "pypdf": plain(pypdf)}


def quotations(language: str, name: str) -> list[str]:
    """Returns what was said that stands on a paper."""
    found: list[str] = []
    for prompt in ON[name]:
        value = SAID[language][prompt]
        found += [value] if isinstance(value, str) else value
    return [plain(one) for one in found]


def fixed_words(english: str, language: str) -> list[str]:
    """Returns what the fixed sentences of an English page are in a language, as patterns.

    A name in a sentence may be anything. Single words are left to their sentences.
    """
    found = []
    for msgid, said in words_of(language).catalogue.items():
        if len(msgid) < 10 or re.search(r"\{\w+\}", msgid) or msgid in NOT_ASKED:
            continue
        if re.search(as_pattern(msgid), english):
            found.append(as_pattern(said))
    return found


def as_pattern(sentence: str) -> str:
    parts = re.split(r"%\(\w+\)s", plain(sentence))
    return ".{1,60}?".join(map(re.escape, parts))


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "ar"])
def test_the_text_that_comes_out_is_the_text_that_was_put_in(
    shelf: Callable[..., Path], language: str, name: str, paper: Paper
) -> None:
    english = read_back(paper(shelf("en"), name, "en"))["poppler"]
    wanted = fixed_words(english, language)
    assert len(wanted) >= {"easy": 4, "worksheet": 8}.get(name, 7)
    for reader, text in read_back(paper(shelf(language), name, language)).items():
        # pypdf knows nothing of text that a page tells beside its drawing, which Bengali needs.
        if reader != "pypdf" or language != "bn":
            assert [one for one in wanted if not re.search(one, text)] == [], reader
            assert [one for one in quotations(language, name) if one not in text] == [], reader


def bones(text: str) -> str:
    """Returns Arabic words without marks and signs, lam and alef in one order.

    A reader that turns the line round turns the joined pair of lam and alef round as well, and puts
    marks that stand higher or lower into lines of their own.
    """
    words = re.findall("[^\\W\\d_]+", plain(text).replace("\u0640", ""))
    return " ".join(
        re.sub("[لاأإآى]+", lambda run: "".join(sorted(run[0])), word) for word in words
    )


@pytest.mark.parametrize("name", PAPERS)
def test_arabic_comes_back_word_by_word_and_in_its_order(
    shelf: Callable[..., Path], name: str, paper: Paper
) -> None:
    english = read_back(paper(shelf("en"), name, "en"))["poppler"]
    sentences = [
        re.sub(r"\.\{1,60\}\?", "|", one).replace("\\", "") for one in fixed_words(english, "ar")
    ]
    read = read_back(paper(shelf("ar"), name, "ar"))
    pieces = [one for text in (*sentences, *quotations("ar", name)) for one in text.split("|")]
    words = {word for piece in pieces for word in re.findall("[\u0621-\u065f]{2,}", piece)}
    assert len(words) >= (12 if name == "easy" else 20)
    # Every word, marks and all, letter by letter; a tatweel joins nothing to nothing.
    letters = read["pypdf"].replace("\u0640", "")
    lost = {word for word in words if word.replace("\u0640", "") not in letters}
    assert len(lost) <= 0.1 * len(words), lost  # a mark of its own height may part a word
    # Whole pieces, in order, where no mark takes a word out of its line and no number turns it.
    whole = [one for one in pieces if not re.search("[\u064b-\u0652\u0640]|[0-9A-Za-z]", one)]
    assert [one for one in whole if bones(one) not in bones(read["poppler"])] == []
    assert sum(len(one.split()) > 2 for one in whole) >= 3


@pytest.mark.parametrize("name", ["clear", "record"])
@pytest.mark.parametrize(("spoken", "printed"), [("en", "bn"), ("bn", "en"), ("uk", "cy")])
def test_words_stay_as_spoken_on_a_page_of_another_language(
    shelf: Callable[..., Path], spoken: str, printed: str, name: str, paper: Paper
) -> None:
    text = read_back(paper(shelf(spoken), name, printed))["poppler"]
    assert [one for one in quotations(spoken, name) if one not in text] == []
    if name == "clear":
        assert plain(words_of(printed).say("Our question")) in text


def test_bengali_papers_are_the_same_bytes_again(
    shelf: Callable[..., Path], paper: Paper, renderer: PageRenderer
) -> None:
    path = paper(shelf("bn"), "clear", "bn")
    before = sha256_of(path)
    path.unlink()
    print_in(renderer, shelf("bn"), "clear", "bn")
    assert sha256_of(path) == before


@pytest.mark.parametrize(
    ("spoken", "printed", "word", "other"),
    [("en", "ar", "looks", "تبحث"), ("ar", "en", "تبحث", "looks"), ("bn", "en", "আমাকে", "looks")],
)
def test_a_translation_stands_under_the_words_at_the_same_edge(
    shelf: Callable[..., Path], spoken: str, printed: str, word: str, other: str, paper: Paper
) -> None:
    path = paper(shelf(spoken, printed), "clear", printed)
    text = read_back(path)["poppler"]
    if spoken != "ar":  # Arabic is read back by a test of its own
        assert str(SAID[spoken]["remember"]) in text
    if printed != "ar":
        assert str(SAID[printed]["remember"]) in text
        assert words_of(printed).say("Translated by %(name)s.", name="Ewa Nowak") in text
    # The line of the words and that of the translation end at the page's right edge, or begin at
    # its left one: `remember` is the last that was said.
    edge = max if printed == "ar" else min
    side = 1 if printed == "ar" else 0
    lines = [_line_of(path, one) for one in (word, other)]
    said, translated = (edge(box[side] for box in line) for line in lines)
    assert abs(said - translated) < 8  # a quotation mark's width
    assert abs(translated - (51 if printed != "ar" else 595 - 51)) < 8


def _line_of(path: Path, word: str) -> list[tuple[float, float]]:
    """Returns the words on the line of the last place where a word stands."""
    command = ["pdftotext", "-bbox-layout", str(path), "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    box = r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"[^>]*>([^<]*)</word>'
    lines = [re.findall(box, one) for one in re.findall("<line.*?</line>", told, re.DOTALL)]
    line = [
        one for one in lines if any(word in plain(said) + plain(said)[::-1] for *_, said in one)
    ][-1]
    return [(float(left), float(right)) for left, right, _ in line]


@pytest.mark.parametrize(
    ("language", "families"),
    [
        ("pl", {"Atkinson-Hyperlegible-Next"}), ("cy", {"Atkinson-Hyperlegible-Next"}),
        ("uk", {"Noto-Sans"}), ("bn", {"Noto-Sans", "Noto-Sans-Bengali"}),
        ("ar", {"Noto-Sans", "Noto-Sans-Arabic"}),
    ],
)  # fmt: skip
def test_a_page_is_set_in_one_family_or_in_two_drawn_together(
    shelf: Callable[..., Path], language: str, families: set[str], paper: Paper
) -> None:
    used = fonts_in(paper(shelf(language), "clear", language))
    weights = "-(Regular|Medium|SemiBold|Semi-Bold|Bold)$"
    assert {re.sub(weights, "", one) for one in used} == families


def test_a_word_with_a_mark_that_melts_into_no_letter_is_set_in_one_face() -> None:
    page = (
        '<p lang="en">O\u0323\u0301ja, W\u0175 n\u0303, \u041e\u0301льга, п&#39;ять '
        '<b title="x">Zoe\u0308</b></p>'
    )
    whole = '<span class="one-face">'
    assert set_in_one_face(page) == (
        f'<p lang="en">{whole}\u1ecc\u0301ja</span>, W\u0175 \u00f1, '
        f'{whole}\u041e\u0301льга</span>, {whole}п&#39;ять</span> <b title="x">Zo\u00eb</b></p>'
    )
    assert set_in_one_face("<title>О\u0301</title>") == "<title>О\u0301</title>"


def test_a_mark_without_a_font_that_has_its_letter_is_told() -> None:
    good = "ক\u09bf \u0628\u064b e\u0301 1\ufe0f\u20e3 o\u0323\u0301"
    assert find_missing_glyphs(good, FONTS) == []
    assert find_missing_glyphs("ক\u0301 e\u09bf", FONTS) == ["e\u09bf", "ক\u0301"]
    assert glyph_problem("ক\u0301").found == (
        "no font has the character 'ক\u0301' "
        "(U+0995, BENGALI LETTER KA with U+0301, COMBINING ACUTE ACCENT)"
    )


def test_each_language_in_use_that_nobody_has_checked_is_told_once(
    built_family: Path, vigbook: Run
) -> None:
    family = built_family
    second = family / "cycle-2"
    shutil.copytree(family / "cycle-1", second)
    cycle = second / "cycle.yaml"
    cycle.write_text(cycle.read_text("utf-8").replace("cycle: 1", "cycle: 2"), "utf-8")
    case = family / "case.yaml"
    text = case.read_text("utf-8").replace("wren\n", "wren\nlanguage: pl\n", 1)
    case.write_text(text.replace("receives: true", "receives: true, language: bn"), "utf-8")
    service = family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + "language: cy\n", "utf-8")

    def told(*arguments: str | Path) -> list[str]:
        said = vigbook(*arguments).stderr
        return re.findall("our own words in '(..)' have not been read by a native speaker", said)

    assert told("check", family) == ["bn", "cy", "pl"]
    asked = ("print", second, "--only", "worksheet", "--language", "uk")
    assert told(*asked) == ["bn", "cy", "pl", "uk"]
    assert (second / "print" / "worksheet.uk.clear.pdf").is_file()
