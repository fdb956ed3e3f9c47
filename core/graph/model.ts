import type { ElementType } from "../base/elementType.ts";

/** A field that this version of the format does not know, kept so that writing loses nothing. */
export interface UnknownField {
  readonly number: number;
  readonly wireType: number;
  readonly bytes: Uint8Array;
  /** Path of the inner message that carries it (`shape`, `metadata_props["key"]`), where the IR has no object for that. */
  readonly within?: string;
}

/** What every part of a model may carry besides its meaning. */
export interface Extras {
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly unknown?: readonly UnknownField[];
}

/** Where a tensor's bytes are. External bytes stay on disk until somebody reads them. */
export type TensorData =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "strings"; readonly values: readonly Uint8Array[] }
  | {
      readonly kind: "external";
      /** The checked path of the file on this machine. */
      readonly file: string;
      /** The path as the model names it, relative to the model's folder. */
      readonly location: string;
      readonly offset: number;
      /** Bytes. */
      readonly length: number;
      readonly checksum?: string;
      /** Entries of `external_data` that the format does not define. */
      readonly extra?: Readonly<Record<string, string>>;
    };

/** A constant. Bytes are little-endian; sub-byte types are packed, first element in the low bits. */
export interface Tensor extends Extras {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** COO tensor: `values[i]` stands at `indices[i]` (linear, or one row of coordinates). */
export interface SparseTensor {
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly dims: readonly number[];
  readonly unknown?: readonly UnknownField[];
}

/** A dimension: a size, a symbol, or unknown. `denotation` as in ONNX's DimensionDenotation. */
export interface Dim {
  readonly size?: number | string;
  readonly denotation?: string;
  readonly unknown?: readonly UnknownField[];
}

export type ValueType = (
  | { readonly kind: "tensor" | "sparse-tensor"; readonly type: ElementType; readonly dims?: readonly Dim[] }
  | { readonly kind: "sequence" | "optional"; readonly of: ValueType }
  | { readonly kind: "map"; readonly key: ElementType; readonly of: ValueType }
  | { readonly kind: "opaque"; readonly domain: string; readonly name: string }
  | { readonly kind: "none" }
) & { readonly denotation?: string; readonly unknown?: readonly UnknownField[] };

/** A declared value: graph input, output, or an inner value whose type is recorded. */
export interface Value extends Extras {
  readonly name: string;
  readonly type?: ValueType;
}

export type AttributeValue =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: Uint8Array }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "sparse-tensor"; readonly value: SparseTensor }
  | { readonly kind: "type"; readonly value: ValueType }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly bigint[] }
  | { readonly kind: "strings"; readonly value: readonly Uint8Array[] }
  | { readonly kind: "tensors"; readonly value: readonly Tensor[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  | { readonly kind: "sparse-tensors"; readonly value: readonly SparseTensor[] }
  | { readonly kind: "types"; readonly value: readonly ValueType[] }
  /** Inside a function: the value of the caller's attribute `name`. `of` is the expected kind's ONNX code. */
  | { readonly kind: "reference"; readonly name: string; readonly of: number }
  /** No type is set (allowed only by very old files). */
  | { readonly kind: "none" };

export type Attribute = AttributeValue & { readonly doc?: string; readonly unknown?: readonly UnknownField[] };

/** One operation. An empty name in `inputs` or `outputs` is an omitted optional. */
export interface Node extends Extras {
  readonly name: string;
  readonly op: string;
  /** The default domain is "". */
  readonly domain: string;
  readonly overload?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Encoded NodeDeviceConfigurationProto messages, kept as they came. */
  readonly deviceConfigurations?: readonly Uint8Array[];
}

/** TensorAnnotation: for instance which values hold the scale and zero point of a tensor. */
export interface QuantizationAnnotation {
  readonly tensor: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly unknown?: readonly UnknownField[];
}

/** Nodes are in an order in which every value is made before it is used. */
export interface Graph extends Extras {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Recorded types of inner values. */
  readonly values: readonly Value[];
  readonly initializers: readonly Tensor[];
  readonly sparseInitializers: readonly SparseTensor[];
  readonly nodes: readonly Node[];
  readonly annotations: readonly QuantizationAnnotation[];
}

/** A model-local function. `defaults` are attributes with a default value, `attributes` those without. */
export interface FunctionDefinition extends Extras {
  readonly name: string;
  readonly domain: string;
  readonly overload?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly defaults: Readonly<Record<string, Attribute>>;
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly Node[];
  readonly values: readonly Value[];
}

/** A whole ONNX file as plain frozen data. */
export interface Model extends Extras {
  readonly irVersion: number;
  /** Imported operator sets, domain → version. The default domain is "". */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly graph: Graph;
  readonly functions: readonly FunctionDefinition[];
  /** Encoded TrainingInfoProto messages, kept as they came. */
  readonly trainingInfo?: readonly Uint8Array[];
  /** Encoded DeviceConfigurationProto messages, kept as they came. */
  readonly configurations?: readonly Uint8Array[];
}
