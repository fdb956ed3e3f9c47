import { useEffect, useRef, useState } from "react";

/** A value that changes often, at most every so many milliseconds; the last one is always shown in the end. */
export function useSlowly<T>(value: T, pace: number): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = value;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setShown(latest.current);
    }, pace);
  }, [value, pace]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return shown;
}
