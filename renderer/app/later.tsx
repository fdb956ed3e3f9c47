import { createElement, lazy, Suspense, type ComponentType, type ReactElement } from "react";
import { Loading } from "../kit/states.tsx";

/** A screen that is loaded when it is first shown, so that the start stays light. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  what: string,
): (props: P) => ReactElement {
  const Part = lazy(async () => ({ default: await load() }));
  return function Later(props: P) {
    return (
      <Suspense fallback={<Loading what={what} />}>
        {createElement(Part as unknown as ComponentType<P>, props)}
      </Suspense>
    );
  };
}
