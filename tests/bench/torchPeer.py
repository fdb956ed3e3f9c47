"""The nets of the training bench in PyTorch: runs the nodes of an ONNX graph as eager calls, as a model written for it would.

Started with a folder that holds spec.json (nodes, shapes) and weights.bin. Reads commands from standard input, one per
line ("steps N", "end"), and answers each with a line of JSON.
"""
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

folder, layout, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
spec = json.load(open(f"{folder}/spec.json"))
raw = torch.from_file(f"{folder}/weights.bin", shared=False, size=spec["floats"])
last = layout == "channels-last"


def laid(tensor):
    return tensor.contiguous(memory_format=torch.channels_last) if last and tensor.dim() == 4 else tensor.contiguous()


def load(entry):
    count = 1
    for d in entry["dims"]:
        count *= d
    return laid(raw[entry["at"] : entry["at"] + count].clone().reshape(entry["dims"]))


values = {name: load(entry) for name, entry in spec["floatConstants"].items()}
values.update({name: entry for name, entry in spec["integerConstants"].items()})
for name in spec["trained"]:
    values[name].requires_grad_()
x = load(spec["input"])
target = torch.tensor(spec["target"])
weights = [values[name] for name in spec["trained"]]
optimizer = torch.optim.SGD(weights, lr=spec["rate"], momentum=spec["momentum"])
nodes = spec["nodes"]


def is_read_once(value):
    return sum(n["inputs"].count(value) for n in nodes) == 1


def fuse_gelu():
    """x·(1 + erf(x/√2))·½ is one call in PyTorch."""
    made = {n["outputs"][0]: n for n in nodes}
    gone = set()
    for erf in [n for n in nodes if n["op"] == "Erf"]:
        inner = made[erf["inputs"][0]]
        after = [n for n in nodes if erf["outputs"][0] in n["inputs"]]
        chain = [inner, erf]
        value = erf["outputs"][0]
        while len(chain) < 5 and len(after) == 1:
            chain.append(after[0])
            value = after[0]["outputs"][0]
            after = [n for n in nodes if value in n["inputs"]]
        if len(chain) < 5:
            continue
        gone.update(id(n) for n in chain[:-1])
        chain[-1].update(op="Gelu", inputs=[inner["inputs"][0]])
    return [n for n in nodes if id(n) not in gone]


nodes = fuse_gelu()


def pads_of(node):
    top, left, bottom, right = node["attributes"].get("pads", [0, 0, 0, 0])
    return top, left, bottom, right


def conv(node, a):
    top, left, bottom, right = pads_of(node)
    attributes = node["attributes"]
    data = a[0]
    if (top, left) != (bottom, right):
        data = F.pad(data, (left, right, top, bottom))
        top = left = 0
    return F.conv2d(
        data, a[1], a[2] if len(a) > 2 else None, attributes.get("strides", 1), (top, left), 1, attributes.get("group", 1)
    )


def batch_norm(node, a):
    at = node["attributes"]
    return F.batch_norm(a[0], a[3], a[4], a[1], a[2], True, 1 - at.get("momentum", 0.9), at.get("epsilon", 1e-5))


def pad(node, a):
    count = len(a[1]) // 2
    flat = []
    for axis in reversed(range(count)):
        flat += [a[1][axis], a[1][axis + count]]
    return F.pad(a[0], flat)


def lstm(node, a):
    """Gates are i, o, f, c in ONNX and i, f, c, o in PyTorch; the two biases stand one behind the other."""
    hidden = node["attributes"]["hidden_size"]

    def turned(w):
        i, o, f, c = w[0].split(hidden)
        return torch.cat([i, f, c, o])

    b = a[3][0]
    weights = [turned(a[1]), turned(a[2]), turned(b[None, : 4 * hidden]), turned(b[None, 4 * hidden :])]
    zeros = a[0].new_zeros(1, a[0].shape[1], hidden)
    y, h, c = torch._VF.lstm(a[0], (zeros, zeros), weights, True, 1, 0.0, True, False, False)
    return y.unsqueeze(1), h, c


def slices(node, a):
    data = a[0]
    starts, ends, axes = a[1], a[2], a[3] if len(a) > 3 else range(len(a[1]))
    for start, end, axis in zip(starts, ends, axes):
        data = data.narrow(axis, start, min(end, data.shape[axis]) - start)
    return data


def gather(node, a):
    index = a[1]
    axis = node["attributes"].get("axis", 0)
    return a[0].select(axis, index) if isinstance(index, int) else a[0].index_select(axis, torch.tensor(index))


OPS = {
    "Conv": conv,
    "BatchNormalization": batch_norm,
    "Relu": lambda n, a: F.relu(a[0]),
    "Clip": lambda n, a: F.relu6(a[0]),
    "HardSwish": lambda n, a: F.hardswish(a[0]),
    "HardSigmoid": lambda n, a: F.hardsigmoid(a[0]),
    "Sigmoid": lambda n, a: torch.sigmoid(a[0]),
    "Gelu": lambda n, a: F.gelu(a[0]),
    "Add": lambda n, a: a[0] + a[1],
    "Mul": lambda n, a: a[0] * a[1],
    "Div": lambda n, a: a[0] / a[1],
    "MatMul": lambda n, a: a[0] @ a[1],
    "Gemm": lambda n, a: F.linear(a[0], a[1] if n["attributes"].get("transB", 0) else a[1].t(), a[2]),
    "GlobalAveragePool": lambda n, a: F.adaptive_avg_pool2d(a[0], 1),
    "MaxPool": lambda n, a: F.max_pool2d(a[0], n["attributes"]["kernel_shape"], n["attributes"].get("strides", 1), pads_of(n)[:2]),
    "Pad": pad,
    "Flatten": lambda n, a: a[0].flatten(n["attributes"].get("axis", 1)),
    "Softmax": lambda n, a: F.softmax(a[0], n["attributes"].get("axis", -1)),
    "LayerNormalization": lambda n, a: F.layer_norm(a[0], a[1].shape, a[1], a[2], n["attributes"].get("epsilon", 1e-5)),
    "Transpose": lambda n, a: a[0].permute(n["attributes"]["perm"]),
    "Reshape": lambda n, a: a[0].reshape([a[0].shape[i] if d == 0 else d for i, d in enumerate(a[1])]),
    "Shape": lambda n, a: list(a[0].shape)[n["attributes"].get("start", 0) : n["attributes"].get("end")],
    "Expand": lambda n, a: a[0].expand(a[1]) if a[0].dim() <= len(a[1]) else a[0],
    "Slice": slices,
    "Gather": gather,
    "LSTM": lstm,
    "Concat": lambda n, a: sum(a, []) if isinstance(a[0], list) else torch.cat(a, n["attributes"]["axis"]),
}


# Values are dropped after their last use, as the locals of a written model are.
last_use = {name: i for i, node in enumerate(nodes) for name in node["inputs"]}
dropped = [[name for name in dict.fromkeys(node["inputs"]) if last_use[name] == i] for i, node in enumerate(nodes)]


def forward():
    held = dict(values)
    held[spec["input"]["name"]] = x
    for node, gone in zip(nodes, dropped):
        made = OPS[node["op"]](node, [held.get(i) for i in node["inputs"]])
        for name in gone:
            held.pop(name, None)
        for name, value in zip(node["outputs"], made if isinstance(made, tuple) else (made,)):
            held[name] = value
        del made, value
    return held[spec["output"]]


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(forward(), target)
    loss.backward()
    optimizer.step()
    return loss.item()


def answer(content):
    print(json.dumps(content), flush=True)


answer({"ready": True, "version": torch.__version__})
for line in sys.stdin:
    words = line.split()
    if words[0] == "end":
        break
    losses, wall, cpu = [], [], []
    for _ in range(int(words[1])):
        from_wall, from_cpu = time.perf_counter(), time.process_time()
        losses.append(step())
        wall.append((time.perf_counter() - from_wall) * 1e3)
        cpu.append((time.process_time() - from_cpu) * 1e3)
    answer({"losses": losses, "wall": wall, "cpu": cpu, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
