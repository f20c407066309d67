import { useEffect, useRef, useState } from 'preact/hooks';

import type { Answer } from '../api/client';
import type { Problem } from '../api/problem';

export interface Asked<Data> {
  /** The last answer; what goes wrong later does not take it away. */
  readonly data: Data | null;
  readonly problem: Problem | null;
  /** Asks anew. */
  readonly again: () => Promise<void>;
}

/** What `load` gives: asked for whenever the key changes, and, where `every` says so of what there is, each so many
 * milliseconds while somebody sees the page. */
export function useAsked<Data>(
  load: () => Promise<Answer<Data>>,
  key = '',
  every: (data: Data | null) => number | null = () => null,
): Asked<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const last = useRef(0);
  const again = async () => {
    const turn = ++last.current;
    const answer = await load();
    if (turn !== last.current) return; // asked anew meanwhile, or left
    setProblem(answer.problem);
    if (answer.data !== null) setData(answer.data);
  };
  useEffect(() => {
    void again();
    return () => void last.current++;
  }, [key]);
  const wait = every(data);
  useEffect(() => {
    if (wait === null) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && void again(), wait);
    return () => clearInterval(timer);
  }, [wait, key]);
  return { data, problem, again };
}

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The whole of a list, page by page. */
export async function everyPage<Node>(
  page: (after: string | null) => Promise<Answer<Page<Node>>>,
): Promise<Answer<readonly Node[]>> {
  const all: Node[] = [];
  let after: string | null = null;
  for (;;) {
    const answer: Answer<Page<Node>> = await page(after);
    if (!answer.data) return answer;
    const { nodes, pageInfo } = answer.data;
    all.push(...nodes);
    if (!pageInfo.hasNextPage) return { data: all, problem: null };
    after = pageInfo.endCursor;
  }
}
