"""A CUDA device that is not there: tensors say that they are on it and are computed on the CPU.

What needs CUDA's own rules fails as it would on a GPU: tensors of both devices in one operation, a
generator of the other device, ``numpy()``. The numbers are the CPU's, so that results can be
compared exactly. Every wait of the host for the device is counted, and the bytes that it holds.
CUDA graphs replay what was captured, in the memory that it was captured in.
"""

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import ClassVar
from unittest.mock import Mock, patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")
aten = torch.ops.aten
COPIES = {aten._to_copy.default, aten.copy_.default}
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}
READS = {  # and shapes that depend on data
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.bincount.default,
    aten._unique2.default,
    aten.unique_dim.default,
    aten.repeat_interleave.Tensor,
}


class CudaTensor(Tensor):
    """A tensor on the device; to PyTorch's core a shape without data, as on ``meta``."""

    @staticmethod
    def __new__(cls, on_cpu: Tensor, gpu: "FakeCuda") -> "CudaTensor":
        return Tensor._make_wrapper_subclass(
            cls,
            on_cpu.size(),
            strides=on_cpu.stride(),
            storage_offset=on_cpu.storage_offset(),
            dtype=on_cpu.dtype,
            device="meta",
        )

    def __init__(self, on_cpu: Tensor, gpu: "FakeCuda") -> None:
        self.on_cpu = on_cpu
        gpu.hold(self)

    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_cpu = is_meta = property(lambda self: False)

    def tolist(self) -> list:
        return self.cpu().tolist()

    def __getitem__(self, key):
        return super().__getitem__(_without_lists(key))

    def __setitem__(self, key, value) -> None:
        super().__setitem__(_without_lists(key), value)

    def __repr__(self) -> str:
        return f"on CUDA: {self.on_cpu!r}"

    @classmethod
    def __torch_dispatch__(cls, operation, types, arguments=(), keywords=None):
        raise RuntimeError(f"{operation} on a CUDA tensor after the device is gone")


def _without_lists(key):
    """Lists of indices as tensors, which PyTorch's core would make on ``meta``, without data."""
    if isinstance(key, tuple):
        return tuple(_without_lists(part) for part in key)
    return torch.tensor(key) if isinstance(key, list) else key


class CudaGenerator(torch.Generator):
    """A generator of the device, which draws what the CPU's would.

    Operations get to see another object with the same seed: by that they know it.
    """

    seeds: ClassVar[set[int]] = set()
    device = property(lambda self: CUDA)

    def __new__(cls, device: torch.device | str = CPU) -> torch.Generator:
        kind = cls if torch.device(device).type == "cuda" else torch._C.Generator
        return torch._C.Generator.__new__(kind)

    def manual_seed(self, seed: int) -> torch.Generator:
        self.seeds.add(seed)
        return super().manual_seed(seed)


class FakeCuda(TorchDispatchMode):
    """Runs operations where their tensors are.

    Attributes:
        memory: how many bytes there are.
        waits: how often the host waited for the device, by ``line of the package: operation``.
        peak: the most bytes that tensors on the device held at once.
    """

    def __init__(self, memory: int) -> None:
        super().__init__()
        self.memory = memory
        self.waits: Counter[str] = Counter()
        self.peak = self._bytes = 0
        self._holders: Counter[int] = Counter()
        self._graph: FakeGraph | None = None

    def mem_get_info(self, device: torch.device) -> tuple[int, int]:
        """Free and total memory."""
        return self.memory - self._bytes, self.memory

    def hold(self, tensor: CudaTensor) -> None:
        """Count the bytes of ``tensor`` until it is gone."""
        storage = tensor.on_cpu.untyped_storage()
        address, size = storage._cdata, storage.nbytes()
        if not self._holders[address]:
            if self._bytes + size > self.memory:
                raise torch.OutOfMemoryError("CUDA out of memory")
            self._bytes += size
            self.peak = max(self.peak, self._bytes)
        self._holders[address] += 1
        weakref.finalize(tensor, self._release, address, size).atexit = False

    def _release(self, address: int, size: int) -> None:
        self._holders[address] -= 1
        if not self._holders[address]:
            self._bytes -= size

    @contextmanager
    def graph(self, graph: "FakeGraph") -> Iterator[None]:
        """Record all operations in ``graph``; what they change is as before afterwards."""
        self._graph = graph
        yield
        self._graph = None
        graph.undo()

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        tensors: list[Tensor] = []

        def inner(tensor: Tensor) -> Tensor:
            tensors.append(tensor)
            return tensor.on_cpu if isinstance(tensor, CudaTensor) else tensor

        keywords = keywords or {}
        given = _mapped(inner, arguments), _mapped(inner, keywords)
        wanted = keywords.get("device")
        there = {id(t.on_cpu): t for t in tensors if isinstance(t, CudaTensor)}
        on_cuda = bool(there) if wanted is None else torch.device(wanted).type != "cpu"
        _check(operation, arguments, keywords.get("generator"), tensors, on_cuda)
        if _waits(operation, arguments, tensors, bool(there), on_cuda):
            if self._graph:
                raise RuntimeError(f"{operation}: not permitted while a stream is captured")
            self.waits[f"{_line()}: {operation}"] += 1
        if wanted is not None:
            given[1]["device"] = CPU
        if operation is aten._efficientzerotensor.default:
            operation = aten.zeros.default  # the other has no data
        call = self._graph.record if self._graph else lambda f, *a, **k: f(*a, **k)
        result = call(operation, *given[0], **given[1])
        if not on_cuda:
            return result
        return _mapped(lambda t: there[id(t)] if id(t) in there else CudaTensor(t, self), result)


class FakeGraph:
    """A CUDA graph: operations in the memory that they had when they were captured."""

    def __init__(self) -> None:
        self._calls: list[tuple] = []
        self._before: dict[int, tuple] = {}

    def record(self, operation, *arguments, **keywords):
        """Run an operation, so that its results have shapes, and remember it."""
        if operation._schema.is_mutable:
            _mapped(self._save, arguments)
        result = operation(*arguments, **keywords)
        self._calls.append((operation, arguments, keywords, result))
        return result

    def _save(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._before:
            self._before[storage._cdata] = storage, storage.clone()

    def undo(self) -> None:
        for storage, before in self._before.values():
            storage.copy_(before)

    def replay(self) -> None:
        for operation, arguments, keywords, result in self._calls:
            again = _tensors(operation(*arguments, **keywords))
            for old, new in zip(_tensors(result), again, strict=True):
                if new.data_ptr() != old.data_ptr():
                    old.copy_(new)


def _tensors(value) -> list[Tensor]:
    found: list[Tensor] = []
    _mapped(found.append, value)
    return found


def _mapped(function: Callable[[Tensor], Tensor], value):
    """``value`` with every tensor in its lists, tuples and dictionaries replaced."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)([_mapped(function, part) for part in value])
    if isinstance(value, dict):
        return {name: _mapped(function, part) for name, part in value.items()}
    return value


def _check(operation, arguments, stream, tensors: list[Tensor], on_cuda: bool) -> None:
    """Raise what CUDA would: only numbers and indices may come from the CPU."""
    if stream and (stream.initial_seed() in CudaGenerator.seeds) != on_cuda:
        raise RuntimeError(f"{operation}: the generator is on another device than the result")
    if any(t.device.type == "meta" for t in tensors):
        raise RuntimeError(f"{operation}: a tensor without data")
    if not on_cuda or operation in COPIES:
        return
    changed = arguments[0] if operation._schema.is_mutable else None
    strange = [t for t in tensors if not isinstance(t, CudaTensor) and (t.ndim or t is changed)]
    if operation in INDEXING:
        strange = [t for t in strange if t is arguments[0]]
    if strange and len(strange) < len(tensors):
        raise RuntimeError(f"{operation}: a tensor {tuple(strange[0].shape)} is on the CPU")


def _waits(operation, arguments, tensors: list[Tensor], there: bool, on_cuda: bool) -> bool:
    """Whether the host waits: data are read, or cross over."""
    if operation in COPIES or operation in INDEXING:
        crosses = {isinstance(t, CudaTensor) for t in tensors if t.ndim} == {True, False}
        masks = (there and operation in INDEXING) and any(
            t is not None and t.dtype == torch.bool for t in arguments[1]
        )
        moved = operation is aten._to_copy.default and there != on_cuda
        return crosses or masks or moved
    return there and operation in READS


def _line() -> str:
    """The innermost line of the package that is being run."""
    frame = sys._getframe()
    while frame and "/vae/" not in frame.f_code.co_filename:
        frame = frame.f_back
    if not frame:
        return "a test"
    return f"{frame.f_code.co_filename.rsplit('/vae/')[-1]}:{frame.f_lineno}"


@contextmanager
def fake_cuda(memory: int = 2**30) -> Iterator[FakeCuda]:
    """Let ``cuda`` be such a device within this block."""
    gpu = FakeCuda(memory)
    CudaGenerator.seeds.clear()
    lifted = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor: made on the CPU, then moved
    torch._C._ensureCUDADeviceGuardSet()
    answers = {
        "_lazy_init": lambda: None,
        "get_device_name": lambda _: "a GPU that is not there",
        "mem_get_info": gpu.mem_get_info,
        "CUDAGraph": FakeGraph,
        "graph": gpu.graph,
        "Stream": Mock,
        "current_stream": Mock,
        "stream": nullcontext,
    }
    try:
        with (
            patch.multiple(torch.cuda, **answers),
            patch.object(torch, "Generator", CudaGenerator),
            gpu,
        ):
            yield gpu
    finally:
        torch._C._set_only_lift_cpu_tensors(lifted)
