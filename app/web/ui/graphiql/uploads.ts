/** Selected files, and their multipart form: github.com/jaydenseric/graphql-multipart-request-spec. */
import type { Operation } from './fetcher';
import type { Slot } from './slots';
import { createStore } from './store';

type SelectedFiles = Readonly<Record<string, readonly File[]>>;

export const files = createStore<SelectedFiles>({});

export function selectFiles(path: string, selected: readonly File[]): void {
  files.set({ ...files.get(), [path]: selected });
}

export function selectedFiles(path: string): readonly File[] {
  return files.get()[path] ?? [];
}

/** Build the form: `operations` with null for each file, `map` with the paths of the files, then the files. */
export function formData({ query, operationName, variables }: Operation, slots: readonly Slot[]): FormData {
  const operations = { query, operationName, variables: structuredClone(variables ?? {}) };
  const map: Record<string, string[]> = {};
  const parts: File[] = [];
  for (const { path, isList } of slots) {
    const selected = selectedFiles(path);
    if (selected.length)
      setPath(operations.variables, path.split('.'), isList ? selected.map(() => null) : null);
    selected.forEach((file, index) => {
      map[parts.length] = [`variables.${path}${isList ? `.${index}` : ''}`];
      parts.push(file);
    });
  }
  const data = new FormData();
  data.append('operations', JSON.stringify(operations));
  data.append('map', JSON.stringify(map));
  parts.forEach((file, index) => data.append(String(index), file, file.name));
  return data;
}

function setPath(target: Record<string, unknown>, [name, ...rest]: string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) target[name] = value;
  else setPath((target[name] ??= {}) as Record<string, unknown>, rest, value);
}
