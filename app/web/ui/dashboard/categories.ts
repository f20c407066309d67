/** The account's categories, shared by the pages that offer them. */
import { useEffect } from 'preact/hooks';

import { createStore, useStore } from '../base/store';
import { fetchAllPages, mapResult, query } from './api/client';
import { CATEGORIES, type CategoryCard } from './api/documents';
import type { ApiError } from './api/errors';

/** Sorted by name; null until they are loaded. */
const categories = createStore<readonly CategoryCard[] | null>(null);

/** Return the categories, loading them at first use. */
export function useCategories(): readonly CategoryCard[] | null {
  useEffect(() => {
    if (categories.get() === null) void loadCategories();
  }, []);
  return useStore(categories);
}

export async function loadCategories(): Promise<ApiError | null> {
  const { data, error } = await fetchAllPages(async (after) =>
    mapResult(await query(CATEGORIES, { after }), (data) => data.categories),
  );
  if (data) categories.set([...data].sort((one, other) => one.name.localeCompare(other.name)));
  return error;
}
