import { z } from "zod";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { elementCount } from "../base/array.ts";
import type { Json } from "../base/json.ts";
import type { Model } from "../graph/model.ts";
import { initialize, startNet, type Architecture, type Feature } from "./build.ts";

/** What a net is built for; all of it optional. */
export interface NetRequest {
  /** Sizes of one sample; by default as published. */
  readonly input?: readonly number[] | undefined;
  readonly classes?: number | undefined;
  /** The net's own parameters by name, such as width and depth. */
  readonly params?: Readonly<Record<string, Json>> | undefined;
}

/** A net of the zoo as a list shows it. */
export interface NetInfo {
  /** What people type. */
  readonly id: string;
  readonly title: string;
  /** The paper, and where the builder departs from it. */
  readonly source: string;
  /** Sizes of one sample and number of classes as published. */
  readonly input: readonly number[];
  readonly inputMeaning: string;
  readonly classes: number;
  /** JSON Schema of the parameters. */
  readonly params: Readonly<Record<string, Json>>;
}

/** A net of the zoo. */
export interface ZooNet {
  readonly info: NetInfo;
  /**
   * Its nodes and the shapes of its parameters, without drawing any.
   * @throws invalid-argument for sizes or parameters that the net cannot have
   */
  describe(request?: NetRequest): Architecture;
  /** The net with freshly drawn weights: opset 17, batch free. The same seed gives the same bytes. */
  build(request: NetRequest & { readonly seed: number }): Model;
}

export interface NetDefinition<S extends z.ZodType<object>> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly input: readonly number[];
  /** The axes of a sample in words; default "channels × height × width". */
  readonly inputMeaning?: string;
  readonly inputType?: ElementType;
  readonly classes: number;
  readonly params: S;
  /** Gives the logits. */
  readonly build: (x: Feature, options: z.output<S> & { readonly classes: number }) => Feature;
}

/** Defines a net of the zoo. Its input is called "input", its output "logits". */
export function defineNet<S extends z.ZodType<object>>(definition: NetDefinition<S>): ZooNet {
  const { id, title, source, input, inputMeaning = "channels × height × width", classes, params } = definition;
  const info: NetInfo = {
    id,
    title,
    source,
    input,
    inputMeaning,
    classes,
    params: z.toJSONSchema(params, { io: "input" }) as NetInfo["params"],
  };
  const describe = (request: NetRequest = {}): Architecture => {
    const dims = request.input ?? input;
    checkInput(info, dims);
    const wanted = request.classes ?? classes;
    if (!Number.isInteger(wanted) || wanted < 1) {
      throw new LatheError("invalid-argument", `${id} cannot have "${wanted}" classes.`, { hint: "Give at least 1." });
    }
    const parsed = params.safeParse(request.params ?? {});
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "parameters"}: ${issue.message}`);
      throw new LatheError("invalid-argument", `${id}: ${issues.join("; ")}.`, {
        hint: `"lathe new model ${id} --help" lists the parameters.`,
      });
    }
    const net = startNet();
    const x = net.input("input", dims, definition.inputType);
    return net.finish({ logits: definition.build(x, { ...parsed.data, classes: wanted }) });
  };
  return Object.freeze<ZooNet>({
    info,
    describe,
    build: ({ seed, ...request }) => initialize(describe(request), seed),
  });
}

function checkInput({ id, input, inputMeaning }: NetInfo, dims: readonly number[]): void {
  if (dims.length === input.length && dims.every((d) => Number.isInteger(d) && d > 0) && elementCount(dims) < 2 ** 31)
    return;
  throw new LatheError("invalid-argument", `${id} cannot have the input "${dims.join("x")}".`, {
    hint: `Give ${inputMeaning}, such as ${input.join("x")}.`,
  });
}
