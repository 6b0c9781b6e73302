"""A network's convolutions and the activations behind them, found by running it once."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from itertools import permutations
from typing import Any
from weakref import ref

import torch
from torch import Tensor, nn

from viz.networks.calls import (
    ACTIVATIONS,
    CONVOLUTIONS,
    PROBABILITIES,
    PRODUCTS,
    Args,
    Function,
    Kwargs,
    Watch,
    take_fingerprint,
)
from viz.networks.layers import Activation, Call
from viz.networks.marks import CELLWISE, JOINS, LINEAR, SUMS, TURNS, WINDOWS, Chain, Mark, flatten


class Trial(Watch):
    """Watches one run of a private copy, with gradients, and finds its layers.

    Args:
        module: Gets hooks that tell which part is running, until `close`.
        pixels: What it is run on.
    """

    def __init__(self, module: nn.Module, pixels: Tensor) -> None:
        super().__init__(pixels.device, gradients=True)
        self.parts = dict(module.named_modules())
        self.running: list[str] = []
        self.marks: dict[Any, Mark] = {}  # by node of the graph of gradients
        self.names: Counter[str] = Counter()  # of convolutions, and of functions that make probabilities
        self.answers: list[tuple[str, int, Tensor]] = []  # of those functions: name, which call, values
        self.writes_to_own = False  # whether the network wrote to a tensor that it holds
        self._chain = Chain(pixels)
        self.wants: dict[str, Any] = {}
        self._kernels = {id(value): name for name, value in module.named_parameters()}
        held = [*module.parameters(), *flatten(list(vars(part).values()) for part in self.parts.values())]
        self._own = {value.untyped_storage().data_ptr() for value in held if value.layout == torch.strided}
        self._known = {pixels.grad_fn}  # nodes of what seen calls gave
        self._turns: set[Any] = set()
        self._derived: dict[int, ref[Tensor]] = {}  # what was made of signals, without gradients
        self.handles = [
            handle
            for path, part in self.parts.items()
            for handle in (
                part.register_forward_pre_hook(partial(self._enter, path)),
                part.register_forward_hook(self._leave, always_call=True),
            )
        ]

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self.handles:
            handle.remove()

    def forget_kernels(self) -> None:
        """Let computed kernels be others in each pass."""
        for mark in self.marks.values():
            mark.fingerprint = None

    def _enter(self, path: str, *_: Any) -> None:
        self.running.append(path)

    def _leave(self, *_: Any) -> None:
        self.running.pop()

    def watch(self, name: str, call: Call | None, func: Function, args: Args, kwargs: Kwargs) -> Any:
        given = flatten([args, *kwargs.values()])
        signals = [value for value in given if value.requires_grad]
        self._check_inputs(func, signals, given)
        if name in CONVOLUTIONS and call is not None:
            output = self._convolve(call, func, args, kwargs)
            self.marks[output.grad_fn].windows = self._chain.follow(name, args, kwargs, output)
            return output
        # Before the call, which may write to its input.
        is_derived = any(self._is_derived(value) for value in given)
        is_plain = name in LINEAR and name not in JOINS and not is_derived
        reached = [] if is_plain else [self.reach(signal) for signal in signals]
        output = self.compute(func, args, kwargs)
        if name in PROBABILITIES:
            self.names[name] += 1
            self.answers.append((name, self.names[name], output.detach().flatten().float()))
        results = [value for value in flatten([output]) if value.requires_grad]
        self._known |= (nodes := {value.grad_fn for value in results})
        self._turns |= nodes if name in TURNS else set()
        if not results and (signals or is_derived) and not name.endswith("_like") and "new_" not in name:
            self._derived |= {id(value): ref(value) for value in flatten([output])}
        if not results or not signals:
            return output
        self._chain.follow(name, args, kwargs, results[0])
        self._note(name, call, signals, reached, results, is_derived)
        return output

    def _note(
        self,
        name: str,
        call: Call | None,
        signals: list[Tensor],
        reached: list[frozenset[Mark]],
        results: list[Tensor],
        is_derived: bool,
    ) -> None:
        """Note what a call means for the convolutions that its signals come from."""
        if name in ACTIVATIONS and call is not None:
            self._activate(name, call, signals, reached, results[0])
        elif is_derived:  # such as x · (x > 0)
            self._drop(mark for marks in reached for mark in marks if mark.is_convolution)
            self._mark(name, results[0])
        elif name in PRODUCTS and call is not None:
            self._multiply(call, signals, reached, results[0])
        elif name in JOINS:
            self._join(reached)
            if name in SUMS and self._mix(reached, whole=False):
                self._mark(name, results[0], self._find_origins(reached))
        elif name not in LINEAR:
            self._mix(reached)
            origins = self._find_origins(reached) if name in CELLWISE else frozenset()
            for value in results:
                self._mark(name, value, origins)

    def _check_inputs(self, func: Function, signals: list[Tensor], given: list[Tensor]) -> None:
        for signal in signals:
            if signal.grad_fn is not None and signal.grad_fn not in self._known:
                self._mark("", signal)  # of a call that is not seen, such as of a scripted function
        raw, held = func.__name__, given[0] if given else None
        is_writing = raw == "__setitem__" or (raw.endswith("_") and not raw.endswith("__"))
        if is_writing and held is not None and not held.requires_grad and raw != "requires_grad_":
            self.writes_to_own |= held.untyped_storage().data_ptr() in self._own

    def _is_derived(self, value: Tensor) -> bool:
        return id(value) in self._derived and self._derived[id(value)]() is value

    @property
    def _path(self) -> str:
        return self.running[-1] if self.running else ""

    def _mark(self, function: str, output: Tensor, origins: frozenset[Mark] = frozenset()) -> Mark:
        mark = Mark(function, self._path, tuple(output.shape), ref(output), origins)
        # What gives back its input has no node of its own.
        return self.marks.setdefault(output.grad_fn, mark)

    def reach(self, signal: Tensor) -> frozenset[Mark]:
        """The calls that a signal comes from with nothing but the linear between, and its axes in order.

        Axes that were turned an even number of times count as turned back, as around a normalisation.
        """
        found: set[Mark] = set()
        seen: set[Any] = set()
        places = [(signal.grad_fn, False)]
        while places:
            place = node, turned = places.pop()
            if node is None or place in seen:
                continue
            seen.add(place)
            mark = self.marks.get(node)
            if mark is None:
                turned ^= node in self._turns
                places += [(before, turned) for before, _ in node.next_functions]
            elif not turned:
                found.add(mark)
        return frozenset(found)

    def _find_origins(self, reached: Iterable[frozenset[Mark]]) -> frozenset[Mark]:
        marks = {mark for marks in reached for mark in marks}
        if any(not mark.is_convolution and not mark.origins for mark in marks):
            return frozenset()
        return frozenset().union(*({mark} if mark.is_convolution else mark.origins for mark in marks))

    def _convolve(self, call: Call, func: Function, args: Args, kwargs: Kwargs) -> Tensor:
        given = dict(zip(WINDOWS["conv2d"], args, strict=False)) | kwargs
        weight, part = given["weight"], self.parts[self._path]
        is_module = isinstance(part, nn.Conv2d | nn.ConvTranspose2d)
        kernel = self._kernels.get(id(weight), "")
        name = self._path if is_module else kernel.removesuffix(".weight") or self._path
        name = name or call.function
        try:
            output: Tensor = self.compute(func, args, kwargs)
        except RuntimeError:
            if self.names:  # no fault of the picture's
                raise
            groups = args[6] if len(args) > 6 else kwargs.get("groups", 1)
            takes = weight.shape[1] * groups if call.function == "conv2d" else weight.shape[0]
            if takes != (got := given["input"].shape[-3]):
                self.wants = {"layer": name, "count": takes, "got": got}
            raise
        if not output.requires_grad:  # a detached input: gradients begin anew
            output = self.compute(Tensor.clone, (output.detach().requires_grad_(),), {})
        self.names[name] += 1
        name += f"@{self.names[name]}" if self.names[name] > 1 else ""
        mark = self._mark(call.function, output)
        has_own = any(True for _ in part.parameters(recurse=False))
        mark.name, mark.call, mark.kernel = name, call, kernel
        mark.is_learned = is_module or isinstance(weight, nn.Parameter) or has_own
        self._known.add(output.grad_fn)
        if not (mark.kernel or weight.requires_grad):  # computed, and not from the picture
            mark.fingerprint = take_fingerprint(weight)
        return output

    def _activate(
        self, name: str, call: Call, signals: list[Tensor], reached: list[frozenset[Mark]], output: Tensor
    ) -> None:
        sources = {marks for marks in reached if marks}
        if len(sources) > 1 or signals[0].shape != output.shape:  # such as the larger of two signals
            self._mark(name, output)
            return
        convolutions = [mark for marks in sources for mark in marks if mark.is_convolution]
        part = type(self.parts[self._path])
        kind = part.__name__ if part.__module__ == nn.ReLU.__module__ else ACTIVATIONS[name]
        direct = len(convolutions) == 1 and convolutions[0].gave(signals[0])
        found = Activation(self._path, kind, call, direct)
        mark = self._mark(name, output, self._find_origins(reached))
        mark.activation = found
        for convolution in convolutions:
            if convolution.settled is None and convolution.shape == output.shape:
                convolution.settled, convolution.activation = mark, found

    def _multiply(
        self, call: Call, signals: list[Tensor], reached: list[frozenset[Mark]], output: Tensor
    ) -> None:
        """An activation is the product of a signal and a function of it, such as x · σ(x)."""
        if len(signals) == 1:  # by a constant, which a product may end with
            (mark,) = marks if len(marks := reached[0]) == 1 else (None,)
            is_product = mark is not None and mark.function in PRODUCTS and mark.path == self._path
            if mark is not None and is_product and mark.activation and mark.gave(signals[0]):
                self._settle(mark, call, output)
            return
        if signals[0].shape != signals[1].shape:
            return
        self._join(reached)
        for gates, others in (reached, reached[::-1]):
            if not self._find_mixed(gates, others):
                continue
            gate, *more = [mark for mark in gates if not mark.is_convolution]
            origins = self._find_origins([others])
            if more or not origins or gate.origins != origins:
                self._mix(reached)
                return
            kind = gate.activation.kind if gate.activation else gate.function
            mark = self._mark(call.function, output, origins)
            mark.activation = Activation(self._path, f"x·{kind}", call, False)
            self._settle(mark, call, output)
            return

    def _settle(self, mark: Mark, call: Call, output: Tensor) -> None:
        """Let an activation be the one that is behind its convolutions."""
        assert mark.activation is not None
        mark.output = ref(output)
        mark.activation = Activation(mark.path, mark.activation.kind, call, False)
        self.marks[output.grad_fn] = mark
        for convolution in mark.origins:
            if convolution.shape == output.shape and (
                convolution.settled is None or convolution.settled.origins == mark.origins
            ):
                convolution.settled, convolution.activation = mark, mark.activation

    def _join(self, reached: list[frozenset[Mark]]) -> None:
        """Two activations of one convolution put together (CReLU): neither is the one behind it."""
        found = [mark for marks in set(reached) for mark in marks if mark.activation and mark.origins]
        for mark in found:
            if any(other is not mark and other.origins == mark.origins for other in found):
                self._drop(mark.origins)

    def _mix(self, reached: list[frozenset[Mark]], whole: bool = True) -> bool:
        """Convolutions together with functions of them, such as x - tanh(x): their activation is not certain.

        A sum, which is not the whole of an activation, leaves those alone that have none yet.
        """
        mixed = [mark for pair in permutations(reached, 2) for mark in self._find_mixed(*pair)]
        self._drop(mark for mark in mixed if whole or mark.settled is not None)
        return bool(mixed)

    def _find_mixed(self, one: frozenset[Mark], other: frozenset[Mark]) -> list[Mark]:
        """The convolutions that one signal comes from, and another a function of."""
        functions = [mark for mark in one if not mark.is_convolution]
        return [
            mark
            for mark in other
            if mark.is_convolution
            and (mark.settled in functions or any(mark in found.origins for found in functions))
        ]

    def _drop(self, convolutions: Iterable[Mark]) -> None:
        for convolution in convolutions:
            convolution.activation, convolution.settled = None, convolution
