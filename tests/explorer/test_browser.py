"""The interactive page in a real browser: it loads alone, every control works, pixels agree."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from browser import Browser, browser, find_browser
from every_likelihood import DENSITIES, MASSES
from explorer.test_page import HARMFUL
from synthetic_results import benchmark, build_results

from vae.configuration.sweep import Network
from vae.explorer.decoders import decoder_data
from vae.explorer.page import page, write_page
from vae.explorer.pictures import sweep_data
from vae.explorer.tables import table_data
from vae.files import write_json, write_text
from vae.models import initial_model
from vae.randomness import generator

READY = "document.documentElement.dataset.ready === 'yes'"
WIDTHS = (1400, 900, 400)
LIKELIHOOD_NAMES = ["bernoulli", "gaussian_learned_sigma", "discretized_logistic"]
DECODED = [*DENSITIES, *(one for one in MASSES if one.name != "beta")]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium is installed: the page is not tested in a browser")
    with browser(program, tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained, digits) -> Path:
    """Results of three likelihoods, of which one has pictures, and the page in explorer.html."""
    folder = tmp_path_factory.mktemp("page")
    grid = {"likelihoods": LIKELIHOOD_NAMES, "betas": [0.5, 1], "latent_dims": [3]}
    build_results(benchmark(**grid, criteria=["elbo", "fid_prior", "mse"]), folder)
    write_json(folder / "pictures.json", sweep_data(trained, digits, 0, torch.device("cpu")))
    write_page(folder, [folder / "pictures.json"], folder / "explorer.html")
    return folder


@pytest.fixture
def opened(tab, folder) -> Browser:
    """The page as it is first shown."""
    tab.colours("light")
    tab.resize(1400)
    tab.open((folder / "explorer.html").as_uri(), READY)
    return tab


def choose(tab: Browser, control: str, value: str) -> None:
    tab.evaluate(f"""(() => {{
        const node = document.querySelector({json.dumps(control)});
        node.value = {json.dumps(value)};
        node.dispatchEvent(new Event("input", {{ bubbles: true }}));
        node.dispatchEvent(new Event("change", {{ bubbles: true }}));
    }})()""")
    settle(tab)


def press(tab: Browser, control: str) -> None:
    tab.evaluate(f"document.querySelector({json.dumps(control)}).click()")
    settle(tab)


def settle(tab: Browser) -> None:
    tab.evaluate("modelsDrawn.then(() => new Promise((done) => requestAnimationFrame(done)))")


def text(tab: Browser, control: str) -> str:
    return tab.evaluate(f"document.querySelector({json.dumps(control)}).textContent")


def picture(tab: Browser, name: str) -> list[int]:
    """The grey levels that a canvas shows, ink counted as on white paper."""
    data = tab.evaluate(f"""(() => {{
        const canvas = document.getElementById("{name}");
        const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return [...all].filter((_, i) => i % 4 === 0);
    }})()""")
    return [255 - value for value in data]


def place_of(tab: Browser, control: str) -> tuple[float, float]:
    """The middle of an element in the window, scrolled into view."""
    box = tab.evaluate(f"""(() => {{
        const node = document.querySelector({json.dumps(control)});
        node.scrollIntoView({{ block: "center" }});
        const box = node.getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2];
    }})()""")
    return box[0], box[1]


class TestLoading:
    def test_it_loads_alone_and_without_complaints(self, opened, folder):
        assert opened.requests() == [(folder / "explorer.html").as_uri()]
        assert opened.complaints() == []
        assert opened.evaluate("document.getElementById('failure').hidden")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_it_fits_every_screen(self, opened, width, scheme):
        opened.resize(width)
        opened.colours(scheme)
        settle(opened)
        opened.wait(f"document.documentElement.scrollWidth <= {width}")
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(json.loads(f"[{paper[4:-1]}]")) > 384) == (scheme == "light")
        assert opened.complaints() == []

    def test_harmful_names_are_shown_as_text(self, tab, folder):
        tables = table_data(folder)
        for likelihood in tables["likelihoods"].values():
            likelihood["name"] = HARMFUL
        for row in tables["best"]:
            row["words"] = dict.fromkeys(row["words"], HARMFUL)
        tables["metrics"]["elbo"] |= {"label": HARMFUL, "definition": HARMFUL}
        write_text(folder / "harmful.html", page(tables, {}))
        tab.open((folder / "harmful.html").as_uri(), READY)
        assert tab.evaluate("window.harmed === undefined")
        assert tab.evaluate("document.querySelectorAll('img').length") == 0
        for place in ("#answers", "#short", "#definition", "#likelihoods", "#cells", "#numbers"):
            assert HARMFUL in text(tab, place), place
        assert tab.complaints() == []

    def test_a_page_made_from_tables_alone_says_what_it_lacks(self, tab, folder):
        write_text(folder / "tables.html", page(table_data(folder), {}))
        tab.open((folder / "tables.html").as_uri(), READY)
        assert "tables alone" in text(tab, "#knob-text")
        assert "tables alone" in text(tab, "#pictures-text")
        assert tab.evaluate("document.getElementById('curve').data.length") > 3
        assert tab.complaints() == []


class TestAnswer:
    def test_the_table_says_what_best_beta_says(self, opened, folder):
        best = pd.read_csv(folder / "best_beta.csv")
        choose(opened, "#criterion", "fid_prior")
        rows = opened.evaluate(
            "[...document.querySelectorAll('#answers tbody td:nth-child(3)')]"
            ".map((cell) => cell.textContent)"
        )
        expected = best[best.criterion == "fid_prior"].best_beta
        assert [row.split(" ")[0] for row in rows] == [{0.5: "1/2", 1: "1"}[b] for b in expected]

    def test_curves_are_means_over_seeds(self, opened, folder):
        choose(opened, "#criterion", "mse")
        shown = opened.evaluate("document.getElementById('curve').data[0].y")
        metrics = pd.read_csv(folder / "metrics.csv")
        rows = metrics[(metrics.likelihood == "bernoulli") & (metrics.model == "vae")]
        means = rows[rows.metric == "mse"].groupby("beta").value.mean()
        np.testing.assert_allclose(shown, means, rtol=1e-12)

    def test_currencies_share_losses_only(self, opened):
        assert opened.evaluate("document.getElementById('height').value") == "loss"
        least = opened.evaluate(
            "document.getElementById('curve').data.slice(0, 3).map((t) => Math.min(...t.y))"
        )
        assert least == [0, 0, 0]
        choose(opened, "#height", "value")
        assert opened.evaluate("document.getElementById('curve').data[0].y[0]") < -10

    def test_axes_are_any_metric(self, opened):
        choose(opened, "#x", "active_units")
        choose(opened, "#y", "beta")
        titles = opened.evaluate(
            "['xaxis', 'yaxis'].map((a) => document.getElementById('plane').layout[a].title.text)"
        )
        assert titles == ["active units", "β"]

    def test_a_click_pins_and_hovering_links(self, opened):
        press(opened, "input[name=pinning][value=b]")
        point = "#curve .trace:nth-child(2) .point:first-of-type"
        x, y = place_of(opened, point)
        opened.pointer("mouseMoved", x, y)
        opened.wait("document.getElementById('plane').data.at(-1).x.length === 1")
        assert "β = 1/2" in text(opened, "#curve .hoverlayer")
        for kind in ("mousePressed", "mouseReleased"):
            opened.pointer(kind, x, y)
        opened.wait("state.b.beta === 0.5")
        assert opened.evaluate("state.b.likelihood") == "gaussian_learned_sigma"
        assert "b=gaussian_learned_sigma%3A0.5" in opened.evaluate("location.hash")

    def test_without_a_likelihood_it_says_so(self, opened):
        for name in LIKELIHOOD_NAMES:
            press(opened, f"#likelihoods input[value={name}]")
        assert text(opened, "#short") == "No likelihood is chosen."
        assert opened.complaints() == []


class TestState:
    def test_the_address_restores_everything(self, opened, folder):
        choose(opened, "#criterion", "fid_prior")
        choose(opened, "#x", "mse")
        choose(opened, "#filter", "seed=1")
        press(opened, "#likelihoods input[value=discretized_logistic]")
        press(opened, "#pin-b [data-beta='0.5']")
        press(opened, "#draw")
        opened.wait("location.hash.includes('code')")
        before = opened.evaluate("[location.href, address()]")
        shown = picture(opened, "decoded-a")
        opened.open(before[0], READY)
        assert opened.evaluate("address()") == before[1]
        assert np.abs(np.subtract(picture(opened, "decoded-a"), shown)).max() <= 3  # 2 decimals
        assert opened.evaluate("document.getElementById('criterion').value") == "fid_prior"

    def test_nonsense_in_the_address_is_ignored(self, tab, folder):
        nonsense = "#group=no&criterion=<b>&x=no&a=no:1&code=1,no&likelihoods=&sort=no"
        tab.open((folder / "explorer.html").as_uri() + nonsense, READY)
        assert tab.evaluate("state.criterion") == "elbo"
        assert tab.complaints() == []


class TestTable:
    def cells(self, tab: Browser, column: int) -> list[str]:
        rows = "[...document.querySelectorAll('#cells tbody tr')]"
        return tab.evaluate(f"{rows}.map((r) => r.cells[{column}].textContent)")

    def test_sorting_and_filtering(self, opened):
        choose(opened, "#filter", "bernoulli vae")
        press(opened, "[data-sort=rate]")
        column = opened.evaluate(
            "[...document.querySelectorAll('#cells th[aria-sort]')]"
            ".findIndex((h) => h.getAttribute('aria-sort') === 'ascending')"
        )
        rates = [float(v.replace("−", "-")) for v in self.cells(opened, column)]
        assert len(rates) == 6 and rates == sorted(rates)
        press(opened, "[data-sort=rate]")
        assert [float(v) for v in self.cells(opened, column)] == sorted(rates, reverse=True)

    def test_downloads_are_what_is_shown(self, opened, folder):
        choose(opened, "#filter", "gaussian 1/2")
        choose(opened, "#columns", "all")
        rows = list(csv.DictReader(io.StringIO(opened.evaluate("saveCells()"))))
        metrics = pd.read_csv(folder / "metrics.csv")
        chosen = (metrics.likelihood == "gaussian_learned_sigma") & (metrics.beta == 0.5)
        wide = metrics[chosen].pivot(index="seed", columns="metric", values="value")
        assert [int(row["seed"]) for row in rows] == [0, 1, 2]
        for row in rows:
            for name, value in wide.loc[int(row["seed"])].items():
                assert float(row[name]) == value, name
        numbers = list(csv.DictReader(io.StringIO(opened.evaluate("saveNumbers()"))))
        assert len(numbers) == 3 * 3 and set(numbers[0]) >= {"elbo", "elbo_se", "rate"}


class TestKnob:
    def code(self, tab: Browser) -> list[float]:
        return tab.evaluate("codeOf(knob[0].sweep.latent_dim)")

    def test_sliders_are_ordered_and_move_the_picture(self, opened):
        order = opened.evaluate(
            "[...document.querySelectorAll('#sliders input')].map((i) => +i.dataset.dimension)"
        )
        assert order == opened.evaluate("knob[0].cell.order")
        before = picture(opened, "decoded-a")
        choose(opened, "#sliders input", "2.5")
        assert self.code(opened)[order[0]] == 2.5
        assert picture(opened, "decoded-a") != before

    def test_beta_switches_the_model_under_the_same_code(self, opened):
        press(opened, "#draw")
        code, before = self.code(opened), picture(opened, "decoded-a")
        other = "0" if opened.evaluate("state.a.beta") == 1 else "1"
        choose(opened, "#beta", other)
        assert opened.evaluate("state.a.beta") == [0.5, 1][int(other)]
        assert self.code(opened) == code
        assert picture(opened, "decoded-a") != before

    def test_draw_again_and_back(self, opened):
        press(opened, "#draw")
        first = self.code(opened)
        press(opened, "#draw")
        assert self.code(opened) != first
        press(opened, "#zero")
        assert self.code(opened) == [0, 0, 0]

    def test_the_code_of_an_image_decodes_as_in_the_package(self, opened, trained, digits):
        choose(opened, "#start", "2")
        beta = opened.evaluate("state.a.beta")
        (cell,) = [c for c in trained.cells if (c.beta, c.seed) == (beta, 0)]
        model = trained.model(cell)
        index = digits.labels["test"].tolist().index(2)
        image = model.decode(model.encode(digits.unit("test")[[index]]).mean).mean
        expected = (255 * image).flatten().numpy()
        assert np.abs(picture(opened, "decoded-a") - expected).max() <= 1.01

    def test_the_point_is_dragged_and_moved_by_keys(self, opened):
        x, y = place_of(opened, "#map")
        opened.pointer("mousePressed", x, y)
        opened.pointer("mouseMoved", x + 30, y - 60)
        opened.pointer("mouseReleased", x + 30, y - 60)
        across, up = (self.code(opened)[d] for d in opened.evaluate("knob[0].cell.order")[:2])
        assert 0 < across < up
        opened.evaluate("document.getElementById('map').focus()")
        opened.key("ArrowRight")
        moved = self.code(opened)[opened.evaluate("knob[0].cell.order[0]")]
        assert moved == pytest.approx(across + 0.1)

    def test_the_map_shows_images(self, opened):
        before = picture(opened, "map")
        press(opened, "input[name=map][value=images]")
        assert picture(opened, "map") != before
        assert "map=images" in opened.evaluate("location.hash")

    def test_a_likelihood_without_pictures_says_so(self, opened):
        choose(opened, "#likelihood-a", "discretized_logistic")
        assert "Pin another model" in text(opened, "#knob-text")
        assert opened.complaints() == []


class TestAccess:
    def test_the_keyboard_reaches_every_control_and_shows_where_it_is(self, opened):
        count = opened.evaluate(
            "[...document.querySelectorAll('a[href], button, select, input, [tabindex], summary')]"
            ".filter((n) => n.checkVisibility() && !n.disabled && n.tabIndex >= 0).length"
        )
        seen, unseen = set(), []
        for _ in range(count + 20):
            opened.key("Tab")
            name, outline = opened.evaluate(
                "[document.activeElement.outerHTML.slice(0, 150),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            seen.add(name)
            unseen += [name] if outline == "none" and not name.startswith("<body") else []
        assert unseen == []
        for control in ("criterion", "beta", "filter", "map", "draw", "save-cells"):
            assert any(f'id="{control}"' in name for name in seen), control

    def test_everything_has_a_name(self, opened):
        nameless = opened.evaluate(
            "[...document.querySelectorAll('canvas, select, input, button, [role=img]')]"
            ".filter((n) => n.checkVisibility())"
            ".filter((n) => ![n.ariaLabel, n.labels?.[0]?.textContent, n.textContent]"
            ".some((name) => name?.trim()))"
            ".map((n) => n.outerHTML.slice(0, 100))"
        )
        assert nameless == []


class TestDecoders:
    """What the page computes is what the package computes."""

    @pytest.fixture
    def loaded(self, tab, folder) -> Browser:
        if tab.evaluate("typeof decodeInPage") != "function":
            tab.open((folder / "explorer.html").as_uri(), READY)
        return tab

    @pytest.mark.parametrize(
        "network", [Network("mlp", (16,)), Network("conv", (4, 8)), Network("linear", ())]
    )
    @pytest.mark.parametrize("likelihood", DECODED, ids=lambda likelihood: likelihood.slug)
    def test_same_code_same_pixels(self, loaded, make_sweep, digits, likelihood, network):
        sweep = make_sweep(network=network, likelihood=likelihood)
        stream = generator("cpu", 0, "test")
        model = initial_model(sweep, digits.mean_image(), digits.levels, stream).eval()
        with torch.no_grad():
            for weights in model.decoder.parameters():
                weights += 0.2 * torch.randn(weights.shape, generator=stream)
        z = 3 * torch.randn(5, sweep.latent_dim, generator=stream)
        decoder = json.dumps(decoder_data(model, digits.levels, 0))
        shown = loaded.evaluate(f"""(() => {{
            const decoder = new Decoder({decoder}, {list(digits.shape)});
            return {z.tolist()}.map((z) => [...decoder.decode(z)]);
        }})()""")
        with torch.no_grad():
            expected = model.decode(z).mean.flatten(1)
        assert np.ptp(expected.numpy(), axis=0).max() > 0.1, "codes make a difference"
        assert np.abs(np.array(shown) - expected.numpy()).max() <= 1 / 255

    @pytest.mark.parametrize("beta", [0.5, 1.0])
    def test_embedded_decoders_are_the_trained_ones(self, loaded, trained, beta):
        (cell,) = [c for c in trained.cells if (c.beta, c.seed) == (beta, 0)]
        z = torch.randn(8, 3)
        shown = [
            loaded.evaluate(f"decodeInPage('digits-mlp-3d', 'bernoulli', {beta}, {code})")
            for code in z.tolist()
        ]
        expected = trained.model(cell).decode(z).mean.flatten(1)
        assert np.abs(np.array(shown) - expected.numpy()).max() <= 1 / 255
