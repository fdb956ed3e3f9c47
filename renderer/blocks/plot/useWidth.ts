import { useLayoutEffect, useState, type RefObject } from "react";

/** Width of an element in whole CSS pixels, as it changes. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(560);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const read = (): void => {
      // Nothing is drawn while it is hidden.
      if (current.clientWidth > 0) setWidth(Math.round(current.clientWidth));
    };
    read();
    const watch = new ResizeObserver(read);
    watch.observe(current);
    return () => watch.disconnect();
  }, [element]);
  return width;
}
