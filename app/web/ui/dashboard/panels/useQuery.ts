import { useEffect, useRef, useState } from 'preact/hooks';

import type { ApiResult } from '../api/client';
import type { ApiError } from '../api/errors';

export interface QueryState<Data> {
  /** Data of the last response without errors. Later errors keep it. */
  readonly data: Data | null;
  readonly error: ApiError | null;
  readonly refetch: () => Promise<void>;
}

/**
 * Load data when the key changes, and again every `pollInterval(data)` milliseconds while the page is visible; null
 * disables polling.
 */
export function useQuery<Data>(
  load: () => Promise<ApiResult<Data>>,
  key = '',
  pollInterval: (data: Data | null) => number | null = () => null,
): QueryState<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const lastRequest = useRef(0);
  const refetch = async () => {
    const request = ++lastRequest.current;
    const result = await load();
    if (request !== lastRequest.current) return; // superseded, or unmounted
    setError(result.error);
    if (result.data !== null) setData(result.data);
  };
  useEffect(() => {
    void refetch();
    return () => void lastRequest.current++;
  }, [key]);
  const interval = pollInterval(data);
  useEffect(() => {
    if (interval === null) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && void refetch(), interval);
    return () => clearInterval(timer);
  }, [interval, key]);
  return { data, error, refetch };
}
