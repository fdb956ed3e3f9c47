import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { LatheError } from "../../core/base/error.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { openSession, withSession } from "../../core/runtime/session.ts";
import { linear, rows, unary } from "./models.ts";

async function failure(work: Promise<unknown>): Promise<LatheError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof LatheError) return thrown;
  throw new Error("It did not fail with a LatheError.");
}

describe("a session", () => {
  it("runs a model from memory, from bytes and from a file alike", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lathe-test-"));
    const path = join(folder, "m.onnx");
    const bytes = encodeModel(linear());
    await writeFile(path, bytes);
    try {
      for (const source of [linear(), bytes, { path }]) {
        const found = await withSession(source, { host }, (s) => s.run({ x: rows(1, 1, 1, 0) }));
        expect(found["y"]).toEqual({ type: "float32", dims: [2, 2], data: Float32Array.of(4, 6, 1, 2) });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("describes its inputs and outputs", async () => {
    const session = await openSession(linear(), {}, host);
    expect(session.inputs).toEqual([{ name: "x", type: "float32", dims: ["N", 2] }]);
    expect(session.outputs).toEqual([{ name: "y", type: "float32", dims: ["N", 2] }]);
    await session.close();
  });

  it("passes half-precision numbers through", async () => {
    const half = model(
      graph({
        inputs: [value("x", "float16", [2])],
        outputs: [value("y", "float16", [2])],
        nodes: [node("Neg", [["x"], ["y"]])],
      }),
      { opsets: { "": 13 } },
    );
    const x = { type: "float16", dims: [2], data: Float16Array.of(1.5, -2) } as const;
    const found = await withSession(half, { host }, (s) => s.run({ x }));
    expect(found["y"]?.type).toBe("float16");
    expect([...(found["y"]?.data ?? [])]).toEqual([-1.5, 2]);
  });

  it("refuses to fetch four-bit outputs, which would end the process", async () => {
    const cast = node("Cast", [["x"], ["y"]], { attributes: { to: 22 } });
    const inputs = [value("x", "float32", [2])];
    const main = graph({ inputs, outputs: [value("y", "int4", [2])], nodes: [cast] });
    await withSession(model(main, { irVersion: 10, opsets: { "": 21 } }), { host }, async (session) => {
      await expect(session.run({ x: float32([2], [1, 2]) })).rejects.toThrow(
        'The output "y" is "int4", which the runtime cannot hand out.',
      );
    });
  });

  it("gives the same bytes for the same threads", async () => {
    const run = (): Promise<unknown> =>
      withSession(linear(), { host, threads: 2 }, (s) => s.run({ x: rows(0.1, 0.7) }));
    expect(await run()).toEqual(await run());
  });

  it("refuses to run once it is closed, and closes twice without harm", async () => {
    const session = await openSession(linear(), {}, host);
    await session.close();
    await session.close();
    expect((await failure(session.run({ x: rows(1, 1) }))).message).toBe("The session of the model is closed.");
  });

  it("lets a run under way finish before it closes", async () => {
    const session = await openSession(linear(), {}, host);
    const running = session.run({ x: rows(1, 1) });
    await session.close();
    expect((await running)["y"]?.data).toEqual(Float32Array.of(4, 6));
  });
});

describe("feeds that do not fit", () => {
  const cases = [
    [{}, 'Nothing was given for the input "x" of the model.', "It wants float32[N,2]."],
    [{ x: rows(1, 1), z: rows(1, 1) }, 'The model has no input "z".', "Its inputs are: x."],
    [
      { x: float32([1, 3], [1, 2, 3]) },
      'Input "x" of the model wants float32[N,2], was given "float32[1,3]".',
      "Change the preprocessing so that it makes this shape and type.",
    ],
    [
      { x: { type: "uint8", dims: [1, 2], data: Uint8Array.of(1, 2) } as const },
      'Input "x" of the model wants float32[N,2], was given "uint8[1,2]".',
      "Change the preprocessing so that it makes this shape and type.",
    ],
    [
      { x: { type: "float32", dims: [2, 2], data: Float32Array.of(1, 2) } as const },
      'Input "x" of shape [2,2] needs 4 elements, was given "2".',
      undefined,
    ],
  ] as const;

  it.each(cases)("are named: %j", async (feeds, message, hint) => {
    const error = await failure(withSession(linear(), { host }, (s) => s.run(feeds)));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toBe(message);
    expect(error.hint).toBe(hint);
  });

  it("include outputs that do not exist", async () => {
    const error = await failure(withSession(linear(), { host }, (s) => s.run({ x: rows(1, 1) }, ["q"])));
    expect(error.message).toBe('The model has no output "q".');
    expect(error.hint).toBe("Its outputs are: y.");
  });
});

describe("external tensors", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const external = async (name: string, at: string, location: string): Promise<Tensor> => {
    const file = join(at, location);
    await writeFile(file, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
    return { name, type: "float32", dims: [2, 2], data: { kind: "external", file, location, offset: 0, length: 16 } };
  };

  const twice = (w: Tensor, v: Tensor): Model =>
    model(
      graph({
        inputs: [value("x", "float32", ["N", 2])],
        outputs: [value("y", "float32", ["N", 2])],
        nodes: [node("MatMul", [["x", "w"], ["h"]]), node("MatMul", [["h", "v"], ["y"]])],
        initializers: [w, v],
      }),
    );

  it("are read where they are", async () => {
    const whole = twice(await external("w", folder, "w.bin"), await external("v", folder, "v.bin"));
    const found = await withSession(whole, { host }, (s) => s.run({ x: rows(1, 0) }));
    expect(found["y"]?.data).toEqual(Float32Array.of(7, 10));
  });

  it("may lie in several folders, and nothing stays behind", async () => {
    const other = await mkdtemp(join(tmpdir(), "lathe-test-"));
    const leftovers = async (): Promise<number> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("lathe-session-")).length;
    try {
      const before = await leftovers();
      const whole = twice(await external("w", folder, "w.bin"), await external("v", other, "v.bin"));
      const found = await withSession(whole, { host }, (s) => s.run({ x: rows(1, 0) }));
      expect(found["y"]?.data).toEqual(Float32Array.of(7, 10));
      expect(await leftovers()).toBe(before);
    } finally {
      await rm(other, { recursive: true });
    }
  });
});

describe("models that cannot run", () => {
  it("are named when the file is no model", async () => {
    const error = await failure(openSession(Uint8Array.of(1, 2, 3), {}, host));
    expect(error.code).toBe("invalid-model");
    expect(error.message).toMatch(/^ONNX Runtime cannot load the model: /);
    expect(error.hint).toBe("The file is damaged or no ONNX model; export it again.");
  });

  it("are named when there is no file", async () => {
    const error = await failure(openSession({ path: "/nowhere/m.onnx" }, {}, host));
    expect(error.code).toBe("not-found");
    expect(error.message).toContain('ONNX Runtime cannot load "/nowhere/m.onnx": ');
  });

  it("are named with the op that the runtime does not have", async () => {
    const error = await failure(openSession(unary("NoSuchOp"), {}, host));
    expect(error.code).toBe("not-runnable");
    expect(error.message).toContain("NoSuchOp");
    expect(error.hint).toBe("Export the model with operators of the standard ONNX domain.");
  });

  it("are refused on a provider that is not there", async () => {
    const missing = process.platform === "darwin" ? "dml" : "coreml";
    const error = await failure(openSession(linear(), { provider: missing }, host));
    expect(error.code).toBe("device");
    expect(error.message).toContain(`The execution provider "${missing}" is not available here: `);
    expect(error.hint).toBe("Run `lathe doctor` to see what this machine has, or use the cpu provider.");
  });

  it("say what failed inside the graph", async () => {
    const bad = model(
      graph({
        inputs: [value("x", "float32", ["N", 2]), value("z", "float32", ["M", 3])],
        outputs: [value("y", "float32")],
        nodes: [node("MatMul", [["x", "z"], ["y"]])],
      }),
    );
    const feeds = { x: rows(1, 1), z: float32([1, 3], [1, 2, 3]) };
    const error = await failure(withSession(bad, { host }, (s) => s.run(feeds)));
    expect(error.code).toBe("not-runnable");
    expect(error.message).toMatch(/^ONNX Runtime failed in the model: .*MatMul node/);
    expect(error.message).not.toContain("/onnxruntime_src/");
  });
});
