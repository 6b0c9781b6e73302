"""The house stays plain: public interfaces, one direction of imports, no private names of others."""

import ast
import re

from conftest import ROOT

# benchmarks/sessions.py speaks Streamlit's protocol, which is no public interface.
EXEMPT = {"benchmarks/sessions.py"}
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "page", "viz", "cloud", "benchmarks")
    for path in (ROOT / folder).glob("*.py" if folder == "." else "**/*.py")
    if path.relative_to(ROOT).as_posix() not in EXEMPT
)
PAGE = [name for name in SOURCES if name.startswith("page/")]
VIZ = [name for name in SOURCES if name.startswith("viz/")]
SCRIPTS = sorted((ROOT / "page" / "browser").glob("*.js"))
PUBLIC = {
    "streamlit": {"streamlit", "streamlit.components.v2", "streamlit.testing.v1"},
    "plotly": {"plotly.graph_objects", "plotly.colors", "plotly.io"},
}
GLOBAL_SWITCHES = re.compile(
    r"ctypes|setswitchinterval|gc\.(freeze|disable|set_threshold)|set_num_threads|malloc|OMP_WAIT|os\.environ\["
)
# Each package of viz imports from those before it, and from its own.
ORDER = {"pictures": 0, "networks": 1, "maps": 2, "evidence": 3, "measures": 3, "figures": 4, "reports": 4}
# The rooms of the page, from the ground up; each imports from the floors below, and from itself.
FLOORS = (
    {"choice", "front"},
    {"browser", "work"},
    {"subject"},
    {"visit"},
    {"widgets"},
    {"views", "sidebar"},
    {"main"},
)
LONGEST_FILE, LONGEST_FUNCTION = 300, 45  # lines


def read_tree(name):
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def list_imports(name):
    """Names of all modules that a file imports, wherever in it."""
    found = []
    for node in ast.walk(read_tree(name)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


def find_floor(module):
    """Of a module such as "page.work.queue"; the page itself is a name above all rooms."""
    room = module.split(".")[1]
    (floor,) = (place for place, rooms in enumerate(FLOORS) if room in rooms)
    return floor


def test_only_public_interfaces_are_used():
    for name in SOURCES:
        for module in list_imports(name):
            library = module.split(".")[0]
            assert library not in PUBLIC or module in PUBLIC[library], (name, module)
        for node in ast.walk(read_tree(name)):
            if isinstance(node, ast.ImportFrom):
                assert not [alias.name for alias in node.names if re.match(r"_[^_]", alias.name)], name
            if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr):
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                assert own, (name, ast.unparse(node))


def test_nothing_global_is_switched():
    for name in SOURCES:
        if not name.startswith("benchmarks/"):
            assert not GLOBAL_SWITCHES.findall((ROOT / name).read_text(encoding="utf-8")), name


def test_scripts_use_nothing_private():
    assert SCRIPTS
    for path in SCRIPTS:
        assert not re.findall(r"\._\w+|_full|__\w+", path.read_text(encoding="utf-8")), path.name


def test_each_room_imports_what_it_may():
    for name in (*PAGE, *VIZ):
        for module in list_imports(name):
            library = module.split(".")[0]
            assert library != "streamlit" or name.startswith("page/"), (name, module)
            assert library != "plotly" or name.startswith("viz/figures/"), (name, module)


def test_imports_inside_viz_run_one_way():
    for name in VIZ:
        package = name.split("/")[1]
        for module in list_imports(name):
            library, *rest = module.split(".")
            assert library not in ("page", "survey"), (name, module)
            if library == "viz" and rest and rest[0] in ORDER and package in ORDER:
                assert rest[0] == package or ORDER[rest[0]] < ORDER[package], (name, module)


def test_imports_inside_the_page_run_downwards():
    rooms = {path.stem for path in (ROOT / "page").iterdir() if path.suffix in ("", ".py")} - {
        "__init__",
        "__pycache__",
    }
    assert rooms == set().union(*FLOORS)
    for name in PAGE:
        own = name.removesuffix(".py").replace("/", ".")
        for module in list_imports(name):
            if module.startswith("page.") and own != "page.__init__":
                same_room = module.split(".")[1] == own.split(".")[1]
                assert same_room or find_floor(module) < find_floor(own), (name, module)


def test_no_view_imports_another():
    for name in PAGE:
        if name.startswith("page/views/") and name.count("/") == 3:
            view = name.split("/")[2]
            for module in list_imports(name):
                if module.startswith("page.views."):
                    assert module.split(".")[2] == view, (name, module)


def test_one_module_knows_the_session():
    knowing = [name for name in PAGE if re.search(r"session_state|query_params", read_code(name))]
    assert knowing == ["page/choice/session.py"]


def read_code(name):
    """A file's code without its docstrings and comments."""
    return ast.unparse(strip_docstrings(read_tree(name)))


def strip_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0].value = ast.Constant(...)
    return tree


def test_a_file_and_a_function_fit_on_a_few_screens():
    for name in (*PAGE, *VIZ, "app.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LONGEST_FILE, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= LONGEST_FUNCTION, (name, node.name, length)


def test_the_page_knows_nothing_of_tensors():
    assert not [name for name in PAGE if "torch" in list_imports(name)]


def test_a_network_is_never_known_by_its_key():
    """What a network is stands in the catalogue; the page asks its entry, and no key is taken apart."""
    for name in PAGE:
        code = read_code(name)
        assert not re.search(r"removeprefix|['\"]untrained:|== ['\"]own['\"]", code) or name in (
            "page/browser/screen.py",
            "page/widgets/link.py",
        ), name


def test_viz_keeps_no_state():
    for name in VIZ:
        assert not [node for node in ast.walk(read_tree(name)) if isinstance(node, ast.Global)], name
