/** The account's categories, for all parts that offer them. */
import { useEffect } from 'preact/hooks';

import { ask } from './api/client';
import { CATEGORIES, type CategoryCard } from './api/documents';
import type { Problem } from './api/problem';
import { createStore, useStore } from './store';

/** By name; null until the server said. */
const categories = createStore<readonly CategoryCard[] | null>(null);

/** Those there are; they are asked for when they are first wanted. */
export function useCategories(): readonly CategoryCard[] | null {
  useEffect(() => {
    if (categories.get() === null) void learnCategories();
  }, []);
  return useStore(categories);
}

/** Asks for them anew. What went wrong, or null. */
export async function learnCategories(): Promise<Problem | null> {
  const all: CategoryCard[] = [];
  let after: string | null = null;
  do {
    const answer: Awaited<ReturnType<typeof page>> = await page(after);
    if (!answer.data) return answer.problem;
    const { nodes, pageInfo } = answer.data.categories;
    all.push(...nodes);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  categories.set(all.sort((one, other) => one.name.localeCompare(other.name)));
  return null;
}

function page(after: string | null) {
  return ask(CATEGORIES, { after });
}
