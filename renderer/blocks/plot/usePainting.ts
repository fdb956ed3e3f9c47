import { useCallback, useEffect, useRef } from "react";

/** Asks for a painting before the next frame; several wishes give one. */
export function usePainting(paint: () => void): () => void {
  const latest = useRef(paint);
  const frame = useRef(0);
  useEffect(() => {
    latest.current = paint;
  });
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    },
    [],
  );
  return useCallback(() => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      latest.current();
    });
  }, []);
}
