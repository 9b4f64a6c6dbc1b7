import { useLayoutEffect, useRef } from 'react';

import { report } from '../../traps';

import './Hint.scss';

export interface HintProps {
  method: string;
  text: string;
  /** The colour that the method's own style gives it, as the browser computes it. */
  colour: string;
}

/** A line of advice in a payment form, with a look for all methods that each method changes. */
export function Hint({ method, text, colour }: HintProps) {
  const line = useRef<HTMLParagraphElement>(null);

  useLayoutEffect(() => {
    if (line.current) {
      report(`css-order-${method}`, getComputedStyle(line.current).color, colour);
    }
  });

  return (
    <p ref={line} className={`hint hint--${method}`}>
      {text}
    </p>
  );
}
