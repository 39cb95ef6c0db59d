"""The interactive page as text: its data are the tables', and nothing in it can do harm."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from synthetic_results import benchmark, build_results

from vae.explorer.decoders import as_text, decoder_data
from vae.explorer.page import DECODERS, digest, page, thin, write_page
from vae.explorer.pictures import nearest, pixels, sweep_data
from vae.explorer.tables import table_data
from vae.files import write_json
from vae.models import build_model
from vae.reporting.figures.gallery import COLUMNS

HARMFUL = '</script><img src=x onerror="window.harmed=1">\u2028&<!--'


class Page(HTMLParser):
    """Scripts by id (those that run by their number), and every address in the markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.addresses: list[str] = []
        self.policy, self._script = "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        if tag == "script":
            self._script = attributes.get("id") or f"run {len(self.scripts)}"
            self.scripts[self._script] = ""
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "srcset")]
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_endtag(self, tag) -> None:
        self._script = None if tag == "script" else self._script

    def handle_data(self, data) -> None:
        if self._script:
            self.scripts[self._script] += data

    @property
    def tables(self) -> dict:
        return json.loads(unpacked(self.scripts["tables"]))

    @property
    def running(self) -> list[str]:
        own = [text for name, text in self.scripts.items() if name.startswith("run ")]
        return [unpacked(self.scripts["library"]), *own]


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode()


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    build_results(benchmark(), folder, lambda sweep, cell: (cell.beta, cell.seed) == (8, 1))
    return folder


@pytest.fixture(scope="module")
def text(results, trained, digits) -> str:
    pictures, output = results / "explorer.json", results / "explorer.html"
    write_json(pictures, sweep_data(trained, digits, 0, torch.device("cpu")))
    write_page(results, [pictures], output)
    return output.read_text(encoding="utf-8")


class TestTables:
    def test_every_number_is_that_of_the_table(self, results, text):
        embedded = {
            (c["likelihood"], c["model"], c["beta"], c["seed"], metric): (
                value,
                c["errors"].get(metric),
            )
            for c in Page(text).tables["cells"]
            for metric, value in c["values"].items()
        }
        metrics = pd.read_csv(results / "metrics.csv").astype({"value": object, "se": object})
        rows = metrics.where(metrics.notna(), None)
        expected = {
            (r.likelihood, r.model, r.beta, r.seed, r.metric): (r.value, r.se)
            for r in rows.itertuples()
        }
        assert embedded == expected
        assert any(value is None for value, _ in embedded.values()), "a cell diverged"

    def test_every_answer_is_that_of_the_table(self, results, text):
        embedded = pd.DataFrame(Page(text).tables["best"]).replace("inf", np.inf)
        expected = pd.read_csv(results / "best_beta.csv")
        assert set(embedded.group) == {"digits-mlp-4d"}
        pd.testing.assert_frame_equal(
            embedded[expected.columns], expected, check_dtype=False, check_exact=True
        )

    def test_a_metric_and_columns_that_the_package_does_not_know_are_shown(self, results):
        folder = results / "newer"
        metrics = pd.read_csv(results / "metrics.csv")
        new = metrics[metrics.metric == "elbo"].assign(metric="new_metric")
        folder.mkdir()
        pd.concat([metrics, new]).to_csv(folder / "metrics.csv", index=False)
        best = pd.read_csv(results / "best_beta.csv").assign(beta_star=0.7)
        best.to_csv(folder / "best_beta.csv", index=False)
        tables = table_data(folder)
        assert tables["metrics"]["new_metric"]["label"] == "new metric"
        assert {row["beta_star"] for row in tables["best"]} == {0.7}

    def test_a_file_without_pictures_is_one_sentence(self, results, tmp_path, input_error):
        write_json(tmp_path / "other.json", {"cells": []})
        with input_error("other.json", "explorer-pictures"):
            write_page(results, [tmp_path / "other.json"], tmp_path / "explorer.html")

    def test_a_missing_table_is_one_sentence(self, tmp_path, input_error):
        with input_error("metrics.csv"):
            table_data(tmp_path)


class TestHarmlessness:
    def test_nothing_is_fetched(self, text):
        own = re.sub(r'(<script type="text/plain".*?>).*?(</script>)', r"\1\2", text, flags=re.S)
        assert set(re.findall(r"https?://[^\s\"'<]+", own)) <= {"http://www.w3.org/2000/svg"}
        assert all(address.startswith(("#", "data:,")) for address in Page(text).addresses)
        assert "url(" not in own and "@import" not in own

    def test_the_policy_allows_these_scripts_and_no_others(self, text):
        parsed = Page(text)
        directives = dict(d.strip().split(" ", 1) for d in parsed.policy.split(";"))
        assert directives["default-src"] == "'none'"
        hashes = {f"'sha256-{digest(script)}'" for script in parsed.running}
        assert set(directives["script-src"].split()) == hashes and len(hashes) == 2
        assert "http" not in parsed.policy and "*" not in parsed.policy

    def test_names_stay_text(self, results):
        tables = table_data(results)
        names = [*tables["likelihoods"], HARMFUL]
        tables["likelihoods"] = {
            name: {"name": HARMFUL, "colour": "red", "symbol": "x", "dash": "solid"}
            for name in names
        }
        harmless = page(table_data(results), {"sweep-a": "{}"})
        harmful = page(tables, {HARMFUL: json.dumps(HARMFUL)})
        assert Page(harmful).tables == tables
        assert json.loads(unpacked(Page(harmful).scripts[HARMFUL])) == HARMFUL
        assert len(re.findall("<script", harmful)) == len(re.findall("<script", harmless))
        assert harmful.count("<!--") == harmless.count("<!--") == 0


class TestSize:
    def test_the_page_is_below_ten_megabytes_whatever_the_models_weigh(self, text):
        assert len(text) + 1.05 * DECODERS < 10e6  # gzip, then base64 again: about the same size

    def test_decoders_are_thinned_out_evenly(self):
        def cells() -> list[dict]:
            kinds = [("ae", 0.0)] + [("vae", float(beta)) for beta in (1, 2, 4, 8, 16)]
            return [{"model": m, "beta": b, "decoder": {"weights": "x" * 10}} for m, b in kinds]

        kept = {}
        for limit in (60, 59, 49, 25, 10, 9):
            thinned = cells()
            thin(thinned, limit)
            kept[limit] = [c["beta"] for c in thinned if c["decoder"]]
        assert kept[60] == [0, 1, 2, 4, 8, 16]
        assert kept[59] == [1, 2, 4, 8, 16]
        assert kept[49] == [1, 4, 16]
        assert kept[25] == [1, 16]
        assert kept[10] == [1] and kept[9] == []


class TestPictures:
    def test_pixels_are_the_nearest_bytes(self):
        images = torch.tensor([[-0.2, 0.0, 0.5, 0.999, 1.7]])
        read = np.frombuffer(base64.b64decode(pixels(images)), np.uint8)
        assert read.tolist() == [0, 0, 128, 255, 255]

    def test_the_nearest_of_some_images_are_themselves(self, digits):
        images = digits.unit("train")[:20]
        assert nearest(images[[3, 7]] + 0.01, images).equal(images[[3, 7]])

    def test_every_model_of_the_first_seed_is_there(self, trained, digits):
        data = sweep_data(trained, digits, 0, torch.device("cpu"))
        assert [(c["model"], c["beta"]) for c in data["cells"]] == [
            ("ae", 0.0),
            ("vae", 0.5),
            ("vae", 1.0),
        ]
        assert data["seed"] == 0 and "samples" not in data["cells"][0]
        for cell in data["cells"][1:]:
            nats = [cell["kl"][d] for d in cell["order"]]
            assert nats == sorted(nats, reverse=True)
            assert len(base64.b64decode(cell["drawn"])) == COLUMNS * 64

    def test_single_precision_where_half_would_show(self, make_sweep, digits):
        model = build_model(make_sweep(), digits.mean_image(), digits.levels)
        with torch.no_grad():
            for weights in model.decoder.network.parameters():
                weights.normal_(0, 0.1)
            assert decoder_data(model, 17, 0)["precision"] == "float16"
            model.decoder.network[-2].weight.mul_(1000)
        data = decoder_data(model, 17, 0)
        assert data["precision"] == "float32"
        count = sum(p.numel() for p in model.decoder.parameters())
        assert len(base64.b64decode(data["weights"])) == 4 * count

    def test_bytes_are_little_endian(self):
        assert base64.b64decode(as_text(np.array([1.0], ">f4"))) == b"\0\0\x80\x3f"
