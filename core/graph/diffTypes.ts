/** One fact that differs, as text on both sides. */
export interface Change {
  /** For instance `op`, `input 1`, `attribute strides`. */
  readonly what: string;
  /** Undefined where the first model has nothing of the kind. */
  readonly before?: string;
  readonly after?: string;
}

export interface NodeLabel {
  readonly name: string;
  readonly op: string;
  /** The first output, which names a node that has no name. */
  readonly output: string;
}

export interface NodeChange extends NodeLabel {
  readonly changes: readonly Change[];
  /** Differences inside the graphs that the node carries, by attribute. */
  readonly bodies: readonly { readonly attribute: string; readonly diff: GraphDiff }[];
}

export interface WeightChange {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Only for real numbers of equal type and shape. */
  readonly elements?: ElementChange;
}

export interface ElementChange {
  readonly differing: number;
  readonly total: number;
  /** Largest finite absolute difference. */
  readonly maximum: number;
  /** Elements whose difference is not finite: NaN or an infinity on one side. */
  readonly nonFinite: number;
}

/** What the second has and the first has not, and the other way round. */
export interface Difference<Item, Changed> {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
  readonly changed: readonly Changed[];
}

export interface GraphDiff {
  readonly inputs: Difference<string, Change>;
  readonly outputs: Difference<string, Change>;
  readonly nodes: Difference<NodeLabel, NodeChange>;
  readonly weights: Difference<string, WeightChange>;
  /** Weights in different external files, which have to be read (`loadTensors`) before they can be compared. */
  readonly unread: readonly string[];
}

/** How a second model differs from a first. Plain JSON. */
export interface ModelDiff {
  readonly same: boolean;
  /** IR version, producer, opsets, metadata, documentation. */
  readonly properties: readonly Change[];
  readonly graph: GraphDiff;
  readonly functions: Difference<string, { readonly name: string; readonly diff: GraphDiff }>;
}
