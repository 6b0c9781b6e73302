"""The notebook holds the README's examples, and runs."""

import json
import re

from conftest import ROOT

EXAMPLES = ("from python", "classes", "own network")


def read_example(name: str) -> str:
    """An example of the README as the notebook has it: with a bundled photograph, and nothing written."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(f"<!-- {name} -->")[1]
    code = text.split("```python\n")[1].split("```")[0]
    code = re.sub(r'Path\("assets/images/(\w+)\.png"\)\.read_bytes\(\)', r'read_sample("\1")', code)
    code = code.replace("from pathlib import Path", "from viz.pictures.samples import read_sample")
    return code.replace('viz.write_html(figure, "layers.html")', "figure").strip()


def test_the_notebook_holds_the_readmes_examples_and_runs(tmp_path, monkeypatch, capsys):
    notebook = json.loads((ROOT / "examples" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    codes = ["".join(cell["source"]) for cell in cells]
    assert codes == [*map(read_example, EXAMPLES)]
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells] == [([], None)] * len(cells)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    shown = []
    for code in codes:
        exec(compile(code, "notebook.ipynb", "exec"), namespace)
        shown.append(len(namespace["figure"].data))
    assert shown == [4, 4, 5]  # the second cell draws none
    assert capsys.readouterr().out.startswith("espresso 0.95")
