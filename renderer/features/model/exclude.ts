import type { MethodInfo, ParameterSchema } from "../../../core/contract/method.ts";
import type { VariantView } from "../../../core/contract/views.ts";

/** Whether the method that made a variant can leave layers alone that are named to it. */
export function canExclude({ recipe }: VariantView, methods: readonly MethodInfo[] | undefined): boolean {
  const method = methods?.find((m) => m.id === recipe?.method);
  const properties = (method?.params["properties"] ?? {}) as Readonly<Record<string, ParameterSchema>>;
  return properties["exclude"]?.reference === "layer";
}
