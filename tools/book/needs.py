"""What a section of a chapter needs from other sections: worked out from its code, said at its head.

A reader who wants one section takes the set-up and parameter cells, the sections that its head
names, and the section. `make sync` writes the names there; a section without such a line needs
nothing else. The code is only read here, and a test runs what the lines promise.

A section needs another one if it reads a name that was last defined there, or if the object of
that name was changed there in between: trained, for example. Models are made of other models, so
training one changes its parts as well.
"""

import ast
import builtins
import dataclasses
import re

from book.fingerprint import parse_cells
from book.pairing import read_script, write_whole

ALWAYS_NEEDED = ("Setup", "Parameters")
# Methods that change the object they belong to: of models, whose parts change as well, and of lists
# and dictionaries, whose elements stay what they are.
TRAINING = frozenset(
    "adapt apply apply_gradients assign build compile fit load_weights partial_fit set_weights "
    "train_on_batch".split()
)
FILLING = frozenset("add append clear extend insert pop remove sort update".split())
# Functions that hand on the elements of their arguments.
HANDING_ON = ("dict", "enumerate", "list", "reversed", "sorted", "tuple", "zip")
# Attributes by which one model becomes a part of another.
TENSORS = ("input", "inputs", "output", "outputs")
LINE = re.compile(r"^\*Needs the cells of .*\*$", re.MULTILINE)


@dataclasses.dataclass
class Section:
    """A section: its heading, its code cells, and the headings of the sections that it needs."""

    heading: str
    cells: list = dataclasses.field(default_factory=list)
    needs: list = dataclasses.field(default_factory=list)

    def line(self, sections):
        """The line at its head, or None if the set-up and the parameters are all it needs."""
        if not self.needs:
            return None
        above = [s.heading for s in sections[: sections.index(self)] if s.cells]
        if len(self.needs) > 2 and self.needs == [h for h in above if h not in ALWAYS_NEEDED]:
            return "*Needs the cells of all sections above.*"
        names = [f'"{heading.replace("*", "")}"' for heading in self.needs]
        return f"*Needs the cells of {', '.join([*ALWAYS_NEEDED, *names[:-1]])} and {names[-1]}.*"


def read_sections(notebook):
    """The sections of a chapter, in order, with what each of them needs.

    Args:
        notebook: the chapter, as `pairing.read_script` returns it.

    Returns:
        A list of `Section`; the cells before the first heading belong to none.
    """
    sections = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            sections += [
                Section(heading) for heading in re.findall(r"^## (.*)$", cell.source, re.M)
            ]
        elif sections:
            sections[-1].cells.append(cell)
    scans = scan_sections(sections, scan_definitions(notebook))
    for number, section in enumerate(sections):
        if section.cells and section.heading not in ALWAYS_NEEDED:
            needed = transitive(number, scans)
            section.needs = [
                sections[other].heading
                for other in sorted(needed)
                if sections[other].heading not in ALWAYS_NEEDED
            ]
    return sections


def update_script(script):
    """Write at the head of each section what it needs; return whether the script changed."""
    text = script.read_text()
    try:
        sections = read_sections(read_script(script))
    except SyntaxError:  # running the chapter says so, with the line
        return False
    for section in sections:
        text = with_line(text, section.heading, section.line(sections))
    if text == script.read_text():
        return False
    write_whole(script, text)
    return True


def with_line(text, heading, line):
    """The text of a script with this line, or none, at the head of a section."""

    def renew(found):
        head, _, following = found.groups()
        if line is None:
            return head + following
        space = "#\n" if following.startswith("# ") else ""
        return f"{head}# {line}\n{space}{following}"

    pattern = rf"^(# ## {re.escape(heading)}\n)(# \*Needs the cells of .*\*\n(?:#\n)?)?(.*\n?)"
    return re.sub(pattern, renew, text, count=1, flags=re.MULTILINE)


def problems(notebook):
    """Sentences on sections whose head does not say what they need."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heads = dict(re.findall(r"^## (.*)\n(.*)$", prose + "\n", re.MULTILINE))
    sections = read_sections(notebook)
    for section in sections:
        found = heads.get(section.heading, "")
        found = found if LINE.fullmatch(found) else None
        if found != section.line(sections):
            yield f"the head of {section.heading!r} does not say what it needs: run make sync"


def transitive(number, scans):
    """The numbers of all sections that a section needs, directly or through those."""
    needed, waiting = set(), [number]
    while waiting:
        for other in direct(waiting.pop(), scans):
            if other not in needed:
                needed.add(other)
                waiting.append(other)
    return needed


def direct(number, scans):
    """The numbers of the sections above that define what a section reads, or changed it since."""
    needed = set()
    for name in scans[number].read:
        scan = scans[number]
        objects = scan.with_related({name}, scan.parts, scan.owners)
        for other in reversed(range(number)):
            above = scans[other]
            if name in above.bound | above.sometimes or objects & above.changed:
                needed.add(other)
            if name in above.bound:
                break
    return needed


# --- Reading code --------------------------------------------------------------------------------


@dataclasses.dataclass
class Definitions:
    """What a chapter defines: its functions, and which of their parameters these change."""

    functions: dict  # {name: syntax tree}
    classes: set
    changing: dict  # {name of a function: names of the parameters that it changes}


def scan_definitions(notebook):
    """The `Definitions` of a chapter."""
    functions, classes = {}, set()
    for tree in parse_cells(notebook):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                classes.add(node.name)
    definitions = Definitions(functions, classes, {name: set() for name in functions})
    while True:  # a function may change a parameter by passing it on to another one
        found = {name: changed_parameters(functions[name], definitions) for name in functions}
        if found == definitions.changing:
            return definitions
        definitions.changing = found


def changed_parameters(function, definitions):
    """The names of the parameters that a function changes in place."""
    scan = Scan(definitions)
    scan.visit_all(function.body)
    return scan.changed_from_outside & set(parameter_names(function.args))


def scan_sections(sections, definitions):
    """A `Scan` for each section. What objects are made of is known from the sections above."""
    scans, set_up = [], set()
    for section in sections:
        scan = Scan(definitions, above=scans[-1] if scans else None)
        for cell in section.cells:
            scan.visit_all(ast.parse(cell.source).body)
        if section.heading == "Setup":
            set_up = scan.bound
        scan.changed -= set_up  # modules, and the settings of the run
        scans.append(scan)
    return scans


class Scan(ast.NodeVisitor):
    """Reads statements in the order in which Python runs them.

    Attributes:
        bound: names that the statements define in any case.
        sometimes: names that only one branch of an `if` defines.
        read: names that they read before they define them; in a function, which runs later, only
            those that the statements do not define anywhere.
        changed: names of objects that they change without giving the name a new object.
        changed_from_outside: those of them whose objects the statements have not made themselves.
        parts: {name: names of the objects that its object is made of}
        owners: {name: names of the objects that its object was taken from}
    """

    def __init__(self, definitions, above=None):
        self.definitions = definitions
        self.parts = dict(above.parts) if above else {}
        self.owners = dict(above.owners) if above else {}
        self.bound, self.sometimes = set(), set()
        self.changed, self.changed_from_outside = set(), set()
        self.read_at_once, self.read_later = set(), set()
        self.local = []  # the names of the functions and comprehensions around
        self.functions_around = 0

    @property
    def read(self):
        return self.read_at_once | (self.read_later - self.bound)

    def with_related(self, names, *relations):
        """The names, and all that one of the relations (`parts`, `owners`) leads to from them."""
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [other for relation in relations for other in relation.get(name, ())]
        return found

    def visit_all(self, nodes):
        for node in nodes:
            self.visit(node)

    # Names

    def visit_Name(self, node):
        if any(node.id in names for names in self.local):
            return
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)
        elif self.functions_around:
            self.read_later.add(node.id)
        elif node.id not in self.bound:
            self.read_at_once.add(node.id)

    def visit_Import(self, node):
        for alias in node.names:
            self.bound.add(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    # Statements whose parts run in another order than they are written, or perhaps not at all

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.assign(target, node.value)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)
            self.assign(node.target, node.value)

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        self.assign(node.target, node.value)

    def visit_AugAssign(self, node):
        self.visit(node.value)
        name = root(node.target)
        if name is not None:
            self.visit(ast.Name(name, ast.Load()))
            self.change({name}, deeply=isinstance(node.target, ast.Attribute))
        self.visit(node.target)

    def visit_For(self, node):
        self.visit(node.iter)
        self.assign(node.target, node.iter)
        self.visit_all([*node.body, *node.orelse])

    def visit_If(self, node):
        self.visit(node.test)
        before = set(self.bound)
        self.visit_all(node.body)
        by_body, self.bound = self.bound, set(before)
        self.visit_all(node.orelse)
        self.sometimes |= by_body ^ self.bound
        self.bound &= by_body  # what only one branch defines may still be read from above

    def assign(self, target, value):
        """Bind names to a value, or change the object that holds the target."""
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.assign(element, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value)
        elif isinstance(target, ast.Name):
            self.visit(target)
            owners, parts = self.origin(value)
            self.owners[target.id] = owners - {target.id}
            self.parts[target.id] = parts - {target.id}
        else:
            name = root(target)
            if name is not None:
                self.change({name}, deeply=isinstance(target, ast.Attribute))
                inside = set().union(*self.origin(value)) - {name}
                self.parts[name] = self.parts.get(name, set()) | inside
            self.visit(target)

    # Functions, classes and comprehensions

    def visit_FunctionDef(self, node):
        self.visit_all([*node.decorator_list, *defaults(node.args)])
        self.visit(ast.Name(node.name, ast.Store()))
        self.enter(node.body, {*parameter_names(node.args), *stored_names(node.body)})

    def visit_Lambda(self, node):
        self.visit_all(defaults(node.args))
        self.enter([node.body], set(parameter_names(node.args)))

    def enter(self, body, names):
        """Visit the body of a function, which runs only when it is called."""
        self.local.append(names)
        self.functions_around += 1
        before = self.changed, self.changed_from_outside
        self.changed, self.changed_from_outside = set(), set()
        self.visit_all(body)
        self.changed, self.changed_from_outside = before
        self.functions_around -= 1
        self.local.pop()

    def visit_ClassDef(self, node):
        self.visit_all([*node.decorator_list, *node.bases, *(k.value for k in node.keywords)])
        for statement in node.body:
            self.local.append(stored_names([s for s in node.body if s is not statement]))
            if isinstance(statement, ast.FunctionDef):
                self.local[-1] = {statement.name}  # its body does not see the names of the class
                self.visit(statement)
            else:
                self.local[-1] |= stored_names([statement])
                self.visit(statement)
            self.local.pop()
        self.visit(ast.Name(node.name, ast.Store()))

    def visit_comprehension_of(self, node):
        self.visit(node.generators[0].iter)
        names = set()
        for generator in node.generators:
            names |= stored_names([generator.target])
        self.local.append(names)
        for generator in node.generators:
            for name in stored_names([generator.target]):
                owners, parts = self.origin(generator.iter)
                self.owners[name], self.parts[name] = owners - {name}, parts - {name}
            self.visit_all([generator.iter, *generator.ifs])
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all(values)
        self.local.pop()

    visit_ListComp = visit_SetComp = visit_comprehension_of
    visit_GeneratorExp = visit_DictComp = visit_comprehension_of

    # Changes

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in TRAINING | FILLING:
            name = root(node.func.value)
            if name is not None:
                self.change({name}, deeply=node.func.attr in TRAINING)
        if isinstance(node.func, ast.Name) and node.func.id in self.definitions.functions:
            function = self.definitions.functions[node.func.id]
            changing = self.definitions.changing[node.func.id]
            given = dict(zip(parameter_names(function.args), node.args, strict=False))
            given.update({keyword.arg: keyword.value for keyword in node.keywords})
            for parameter, value in given.items():
                if parameter in changing:
                    self.change(set().union(*self.origin(value)), deeply=True)

    def change(self, names, deeply):
        """Note that objects change: with all their parts, or only as a list that gets longer does."""
        relations = (self.owners, self.parts) if deeply else (self.owners,)
        names = self.with_related(names, *relations)
        names = {name for name in names if not name.isupper()}  # parameters do not change
        self.changed |= names
        self.changed_from_outside |= names - self.bound

    def origin(self, value):
        """The names of the objects that a value was taken from, and of those it is made of.

        An element is taken from its list, an attribute from its object. A list is made of its
        elements, and a model of the layers and models that it was given. What a function returns
        is taken for something new.
        """
        if isinstance(value, ast.Name):
            return {value.id}, set()
        if isinstance(value, ast.Attribute | ast.Subscript | ast.Starred):
            return self.origin(value.value)
        if isinstance(value, ast.IfExp):
            return self.origins([value.body, value.orelse])
        if isinstance(value, ast.Tuple | ast.List | ast.Set):
            return set(), set().union(*self.origins(value.elts))
        if isinstance(value, ast.Dict):
            return set(), set().union(*self.origins(value.values))
        if not isinstance(value, ast.Call):
            return set(), set()
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        function = value.func
        if isinstance(function, ast.Attribute) and function.attr in ("items", "values"):
            return self.origin(function.value)
        if isinstance(function, ast.Name) and function.id in HANDING_ON:
            return self.origins(given)
        inside = set().union(*self.origins(value for value in given if not is_plain(value)))
        if isinstance(function, ast.Name):
            if function.id in self.definitions.classes:
                return set(), inside
            if function.id in self.definitions.functions or hasattr(builtins, function.id):
                return set(), set()
            return set(), {function.id} | inside  # a model, called
        if isinstance(function, ast.Call):  # a layer, made and called
            return set(), inside.union(*self.origin(function))
        if isinstance(function, ast.Attribute) and function.attr == "Input":
            return set(), set()
        if isinstance(function, ast.Attribute) and function.attr[:1].isupper():
            return set(), inside  # a class, such as keras.Model
        return set(), set()

    def origins(self, values):
        """`origin` of several values together."""
        owners, parts = set(), set()
        for value in values:
            some_owners, some_parts = self.origin(value)
            owners |= some_owners
            parts |= some_parts
        return owners, parts


def is_plain(argument):
    """Whether an argument is a value such as run.seed or shape[0], and no part of a model."""
    if isinstance(argument, ast.Attribute):
        return argument.attr not in TENSORS
    return isinstance(argument, ast.Subscript)


def root(node):
    """The x in x, x.y, x[i] and x.y[i].z; None if there is no such name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def parameter_names(arguments):
    """The names of a function's parameters; those that can be given by position come first."""
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return [argument.arg for argument in named]


def defaults(arguments):
    return [value for value in (*arguments.defaults, *arguments.kw_defaults) if value is not None]


def stored_names(nodes):
    """All names that statements or targets define, without those inside functions and classes."""
    names, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return names
