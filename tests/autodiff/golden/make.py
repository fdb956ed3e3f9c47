"""Makes the golden files beside it: small nets exported by PyTorch, with an input, a gradient of the output and the
gradients that PyTorch finds for the input and every parameter.

Run with Python 3, PyTorch 1.13 and onnx: python3 make.py
Tensors are base64 of little-endian bytes. The product needs none of this.
"""

import base64
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.short = nn.Sequential()
        if stride != 1 or inner != outer:
            self.short = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.short(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.layer1 = Block(4, 4, 1)
        self.layer2 = Block(4, 8, 2)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        y = F.relu(self.bn(self.stem(x)))
        y = self.layer2(self.layer1(y))
        return self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1))


class Inverted(nn.Module):
    """Expansion, depthwise convolution, squeeze-and-excitation and projection, as in MobileNetV3."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        self.expand = nn.Conv2d(4, 8, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.depth = nn.Conv2d(8, 8, 5, 1, 2, groups=8, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.squeeze = nn.Conv2d(8, 4, 1)
        self.excite = nn.Conv2d(4, 8, 1)
        self.project = nn.Conv2d(8, 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        x = F.relu6(self.stem(x))
        y = F.hardswish(self.bn1(self.expand(x)))
        y = F.hardswish(self.bn2(self.depth(y)))
        s = F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        y = self.bn3(self.project(y * s)) + x
        return self.fc(self.pool(y).mean((2, 3)))


class Vision(nn.Module):
    """Patches, a class token, one pre-norm transformer block."""

    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads = heads
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 5, width))
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        n = x.shape[0]
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(n, -1, -1), x], 1) + self.position
        q, k, v = self.qkv(self.norm1(x)).reshape(n, 5, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        a = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
        x = x + self.out((a @ v).transpose(1, 2).reshape(n, 5, -1))
        x = x + self.down(F.gelu(self.up(self.norm2(x))))
        return self.head(x[:, 0])


class Sequence(nn.Module):
    """Words, a two-layer LSTM both ways or a GRU, a classifier over the last step and the mean."""

    def __init__(self, kind):
        super().__init__()
        self.words = nn.Embedding(12, 4)
        self.both = 2 if kind == "lstm" else 1
        self.layers = nn.LSTM(4, 5, 2, bidirectional=True) if kind == "lstm" else nn.GRU(4, 5)
        self.fc = nn.Linear(10 * self.both, 3)

    def forward(self, ids):
        y, _ = self.layers(self.words(ids))
        return self.fc(torch.cat([y[-1], y.mean(0)], -1))


class Decoder(nn.Module):
    """Two scales joined, as in U-Net, with other normalisations and both ways of growing."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(2, 4, 3, 2, 1)
        self.group = nn.GroupNorm(2, 4)
        self.deep = nn.Conv2d(4, 4, 3, 1, 2, dilation=2)
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.instance = nn.InstanceNorm2d(4, affine=True)
        self.slope = nn.PReLU(4)
        self.last = nn.Conv2d(10, 3, 1)

    def forward(self, x):
        y = F.elu(self.group(self.down(x)))
        y = F.silu(self.deep(y))
        grown = self.slope(self.instance(self.up(y)))
        wide = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        z = self.last(torch.cat([x, grown, wide], 1))
        return F.log_softmax(F.avg_pool2d(F.pad(z, (1, 1, 0, 0), mode="reflect"), 2), 1)


class Causal(nn.Module):
    """A language model of one block: each position sees those before it; the output weights are the embedding's."""

    def __init__(self, width=8):
        super().__init__()
        self.words = nn.Embedding(9, width)
        self.norm = nn.LayerNorm(width)
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)
        self.register_buffer("mask", torch.tril(torch.ones(6, 6, dtype=torch.bool)))

    def forward(self, ids):
        x = self.words(ids)
        n = self.norm(x)
        scores = self.q(n) @ self.k(n).transpose(1, 2) / 8**0.5
        x = x + scores.masked_fill(~self.mask, -1e9).softmax(-1) @ self.v(n)
        x = x + torch.tanh(self.mix(F.softplus(x)))
        return x @ self.words.weight.t()


def pack(tensor):
    array = tensor.detach().contiguous().numpy()
    kind = {"float32": "float32", "int64": "int64"}[str(array.dtype)]
    return {"type": kind, "dims": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def make(name, net, x, train=False):
    with torch.no_grad():
        for key, buffer in net.named_buffers():
            if key.endswith("running_mean"):
                buffer.normal_(0, 0.3)
            if key.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
        for parameter in net.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    net.train(train)
    mode = torch.onnx.TrainingMode.TRAINING if train else torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(
        net, (x,), HERE / f"{name}.onnx", opset_version=17, training=mode, do_constant_folding=False,
        input_names=["x"], output_names=["y"], dynamic_axes=None,
    )
    x.requires_grad_(x.is_floating_point())
    y = net(x)
    dy = torch.randn_like(y)
    y.backward(dy)
    gradients = {key: pack(p.grad) for key, p in net.named_parameters()}
    if x.requires_grad:
        gradients["x"] = pack(x.grad)
    golden = {"torch": torch.__version__, "x": pack(x), "y": pack(y), "dy": pack(dy), "gradients": gradients}
    (HERE / f"{name}.json").write_text(json.dumps(golden) + "\n")


torch.manual_seed(7)
make("residual", Residual(), torch.randn(2, 3, 8, 8))
make("residualTraining", Residual(), torch.randn(4, 3, 8, 8), train=True)
make("inverted", Inverted(), torch.randn(2, 3, 12, 12))
make("vision", Vision(), torch.randn(2, 3, 8, 8))
make("lstm", Sequence("lstm"), torch.randint(0, 12, (4, 3)))
make("gru", Sequence("gru"), torch.randint(0, 12, (5, 2)))
make("decoder", Decoder(), torch.randn(2, 2, 8, 8))
make("causal", Causal(), torch.randint(0, 9, (2, 6)))
