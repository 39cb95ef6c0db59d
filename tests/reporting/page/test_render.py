"""The rendered page, for many kinds of results: whole, readable and the same every time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from matplotlib.layout_engine import ConstrainedLayoutEngine
from synthetic_results import benchmark, build_results, make_group

from vae.configuration.benchmark import Benchmark
from vae.metrics import METRICS, OF_SAMPLES, without_space
from vae.reporting.figures import style
from vae.reporting.figures.catalogue import FROM_MODELS, GALLERY, charts_for
from vae.reporting.figures.charts import draw_all
from vae.reporting.group import read_groups
from vae.reporting.names import rounded
from vae.reporting.page.details import samples_in_every_space
from vae.reporting.page.render import missing, render

TEMPLATE = Path(__file__).parents[3] / "report" / "template.md"
CASES: dict[str, dict] = {
    "default": {},
    "one likelihood": {"likelihoods": ["bernoulli"]},
    "one beta": {"betas": [1]},
    "one beta that is not 1": {"betas": [0.5]},
    "no beta 1": {"betas": [0.5, 2]},
    "one seed": {"seeds": [0]},
    "two seeds": {"seeds": [0, 5]},
    "no autoencoder": {"autoencoder": False},
    "betas of their own": {
        "likelihoods": ["bernoulli", {"name": "categorical", "betas": [3, 5, 7]}]
    },
    "several groups": {
        "likelihoods": ["bernoulli", "gaussian_learned_sigma"],
        "networks": [{"name": "mlp", "hidden": [16]}, {"name": "conv", "hidden": [4]}],
        "latent_dims": [2, 20],
    },
    "bernoulli on binary images": {
        "datasets": ["mnist_static", "mnist_dynamic"],
        "likelihoods": ["bernoulli"],
    },
    "published values beside ours": {
        "datasets": ["mnist", "mnist_dynamic"],
        "likelihoods": ["bernoulli", "continuous_bernoulli"],
    },
    "inception features": {
        "datasets": ["mnist"],
        "evaluation": {"importance_samples": 50, "features": ["inception"]},
    },
    "criteria of its own": {"criteria": ["elbo", "kid_prior"]},
}
FIXED_SIGMAS = [{"name": "gaussian_fixed_sigma", "sigma": sigma} for sigma in (0.1, 0.2)]
LOST: dict[str, Callable] = {
    "a cell": lambda sweep, cell: (cell.beta, cell.seed) == (0.5, 0),
    "an autoencoder": lambda sweep, cell: (cell.model, cell.seed) == ("ae", 0),
    "all autoencoders": lambda sweep, cell: cell.model == "ae",
    "a beta": lambda sweep, cell: cell.beta == 1,
    "all but one beta": lambda sweep, cell: cell.model == "vae" and cell.beta != 2,
    "a sweep's VAEs": lambda sweep, cell: (
        cell.model == "vae" and sweep.likelihood.name == "discretized_logistic"
    ),
    "a whole sweep": lambda sweep, cell: sweep.likelihood.name == "discretized_logistic",
    "all VAEs": lambda sweep, cell: cell.model == "vae",
    "everything": lambda sweep, cell: True,
}


class Page(HTMLParser):
    """What a browser would find on the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.rows: list[int] = []  # cells of every table row
        self.tables: list[int] = []  # index of every table's first row
        self.text: list[str] = []
        self.in_heading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        match tag:
            case "img":
                self.images.append(dict(attributes))
            case "a":
                self.links.append(dict(attributes)["href"])
            case "table":
                self.tables.append(len(self.rows))
            case "tr":
                self.rows.append(0)
            case "th" | "td":
                self.rows[-1] += 1
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self.headings.append("")
                self.in_heading = True

    def handle_endtag(self, tag: str) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.in_heading = False

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.in_heading:
            self.headings[-1] += data

    def anchors(self) -> set[str]:
        """Names of headings as GitHub makes them; a repeated one gets a number."""
        found: dict[str, int] = {}
        names = set()
        for heading in self.headings:
            slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            names.add(f"{slug}-{found[slug]}" if slug in found else slug)
            found[slug] = found.get(slug, 0) + 1
        return names


@dataclass(frozen=True)
class Rendered:
    """A page where it lies, as Markdown and as HTML."""

    path: Path
    markdown: str
    page: Page


def stub_figures(chosen: Benchmark, folder: Path) -> None:
    """Empty files where the pictures would be."""
    groups: dict[str, list[str]] = {}
    for sweep in chosen.sweeps.values():
        groups.setdefault(sweep.group, []).append(sweep.likelihood.slug)
    names = [f"{group}/{name}" for group, slugs in groups.items() for name in charts_for(slugs)]
    names += [f"{slug}/{name}" for slug in chosen.sweeps for name in GALLERY]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").touch()


def rendered(chosen: Benchmark, results: Path) -> Rendered:
    path = results / "report" / "report.md"
    stub_figures(chosen, path.parent / "figures")
    render(results / "config.json", results, TEMPLATE, path, results / "captions")
    markdown = path.read_text(encoding="utf-8")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return Rendered(path, markdown, Page(html))


def check(report: Rendered) -> None:
    check_images(report)
    check_links(report)
    check_tables(report)
    check_words(report)


def check_images(report: Rendered) -> None:
    assert report.page.images
    for image in report.page.images:
        assert image["alt"], image
        assert (report.path.parent / image["src"]).is_file(), image


def check_links(report: Rendered) -> None:
    anchors = report.page.anchors()
    for link in report.page.links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith(("https://", "http://")):
            assert link == "explorer.html" or (report.path.parent / link).exists(), link


def check_tables(report: Rendered) -> None:
    """Every line that looks like a row is one, and has as many cells as its header."""
    prose = re.sub(r"```.*?```", "", report.markdown, flags=re.DOTALL)
    blocks = re.findall(r"(?:^\|.*\n)+", prose, flags=re.MULTILINE)
    assert len(blocks) == len(report.page.tables)
    for block in blocks:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block
    ends = [*report.page.tables[1:], len(report.page.rows)]
    for start, end in zip(report.page.tables, ends, strict=True):
        assert len(set(report.page.rows[start:end])) == 1
        assert end - start > 1, "a table has a row"


def check_words(report: Rendered) -> None:
    text = re.sub(r"<details>.*?</details>", "", report.markdown, flags=re.DOTALL)
    for word in ("nan", "NaN", "None", "inf", "null", "<NA>"):
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w).*", text)
        assert not found, found[0]
    assert not re.search(r"\{\{|\}\}|\{%|%\}", text)
    assert not re.search(r"  \n\n|\n{3,}", report.markdown), "a gap where something was to stand"


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_grid(tmp_path, case):
    chosen = benchmark(**CASES[case])
    build_results(chosen, tmp_path)
    check(rendered(chosen, tmp_path))


@pytest.mark.parametrize(
    ("case", "seeds"), [*((case, [0, 1, 2]) for case in LOST), ("a cell", [0]), ("a beta", [0])]
)
def test_diverged_cells(tmp_path, case, seeds):
    chosen = benchmark(seeds=seeds)
    build_results(chosen, tmp_path, LOST[case])
    report = rendered(chosen, tmp_path)
    check(report)
    assert re.search("diverged( and|:)", report.markdown)


def test_what_is_not_measured_yet_is_named():
    chosen = benchmark(likelihoods=["bernoulli", "gaussian_learned_sigma"])
    first, second = chosen.sweeps.items()
    assert missing(chosen, chosen.sweeps) == []
    (lacking,) = missing(chosen, dict([first]))
    assert lacking.endswith(f"({second[1].likelihood.title})")
    (lacking,) = missing(chosen, {})
    assert lacking.endswith("(all)")


def test_rendering_twice_gives_the_same_bytes(tmp_path):
    chosen = benchmark()
    build_results(chosen, tmp_path)
    first = rendered(chosen, tmp_path).path.read_bytes()
    (tmp_path / "benchmarks" / "report.tsv").write_text("written after the first rendering")
    assert rendered(chosen, tmp_path).path.read_bytes() == first


def test_everything_that_is_measured_is_shown_and_explained(tmp_path):
    chosen = benchmark(likelihoods=["gaussian_learned_sigma", "bernoulli"])
    build_results(chosen, tmp_path)
    text = rendered(chosen, tmp_path).markdown
    page, glossary = text.split("## Words")
    cells = set(re.findall(r"(?<=\| )[^|]+(?= \|)", page))
    for metric in map(METRICS.get, set(map(without_space, METRICS))):
        assert metric.header in cells, metric.label
        assert f"| {metric.label} |" in glossary


def test_samples_stand_side_by_side_in_every_feature_space():
    group = make_group(["gaussian_learned_sigma"])
    table = samples_in_every_space(group).set_index("metric")
    assert list(table.columns) == ["classifier", "self-supervised", "pixel"]
    assert set(table.index) == {m.header for m in OF_SAMPLES.values()}
    beta = group.best_mean("gaussian_learned_sigma", "fid_prior")
    values = group.values("gaussian_learned_sigma", "pixels_fid_prior")[beta]
    shown = table.loc[METRICS["fid_prior"].header, "pixel"]
    assert shown == rounded(values.mean(), values.sem())
    assert table.loc[METRICS["recall_gmm"].header, "pixel"] == "–"


OPTIONAL = ("dimensions", "spectra", "history", "corruptions", "mean_reduction", "free_density")


@pytest.mark.parametrize("name", [*OPTIONAL, "references"])
def test_the_page_needs_no_table_but_metrics_and_answers(tmp_path, name):
    chosen = benchmark(likelihoods=["bernoulli", "gaussian_learned_sigma"])
    build_results(chosen, tmp_path)
    (tmp_path / f"{name}.csv").unlink()
    check(rendered(chosen, tmp_path))


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_the_first_screen_can_be_read_aloud(tmp_path, seeds):
    chosen = benchmark(seeds=seeds)
    build_results(chosen, tmp_path)
    text = rendered(chosen, tmp_path).markdown
    assert len(text[: text.index("\n|")].split()) < 250
    assert "MSE" not in text[: text.index("## Contents")].replace("](", "")


def test_no_bytes_are_spent_on_empty_sections(tmp_path):
    chosen = benchmark(likelihoods=["bernoulli"], autoencoder=False)
    build_results(chosen, tmp_path)
    text = rendered(chosen, tmp_path).markdown
    assert "### Published values" not in text and "autoencoder against" not in text.lower()
    assert not re.search(r"^#+ [^\n]+\n+(?=#+ (?!#)|\Z)", text.replace("\n## ", "\n\x00 "), re.M)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of few pixels, roughly laid out: here it matters only that they can be drawn."""
    monkeypatch.setattr(style, "DPI", 20)
    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", lambda engine, figure: None)


def test_the_drawn_figures_are_those_of_the_page(tmp_path, coarse):
    chosen = benchmark(likelihoods=FIXED_SIGMAS)
    build_results(chosen, tmp_path, LOST["a cell"])
    draw_all(read_groups(tmp_path), tmp_path / "drawn")
    drawn = {p.relative_to(tmp_path / "drawn").as_posix() for p in tmp_path.glob("drawn/*/*.png")}
    sources = {image["src"] for image in rendered(chosen, tmp_path).page.images}
    galleries = {f"figures/{slug}/{name}.png" for slug in chosen.sweeps for name in GALLERY}
    sheets = {source for source in sources if Path(source).stem in FROM_MODELS}
    assert {f"figures/{name}" for name in drawn} == sources - galleries - sheets


@pytest.mark.parametrize("case", ["all but one beta", "a whole sweep", "one beta"])
def test_figures_can_be_drawn(tmp_path, case, coarse):
    lost = LOST.get(case, lambda sweep, cell: False)
    two = ["bernoulli", "discretized_logistic"]
    build_results(benchmark(likelihoods=two, seeds=[0], **CASES.get(case, {})), tmp_path, lost)
    draw_all(read_groups(tmp_path), tmp_path / "figures")


@pytest.mark.parametrize(
    ("markdown", "checked"),
    [
        ("![](picture.png)", check_images),
        ("![a picture](gone.png)", check_images),
        ("[below](#nowhere)\n\n## Somewhere", check_links),
        ("[a file](gone.md)", check_links),
        ("| a | b |\n| --- | --- |\n| x | y | z |\n", check_tables),
        ("| a | b |\n| --- |\n| x | y |\n", check_tables),
        ("| a |\n| --- |\n", check_tables),
        ("β = nan", check_words),
        ("{{ benchmark }}", check_words),
    ],
)
def test_the_checks_find_what_they_look_for(tmp_path, markdown, checked):
    (tmp_path / "picture.png").touch()
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    with pytest.raises(AssertionError):
        checked(Rendered(tmp_path / "report.md", markdown, Page(html)))
