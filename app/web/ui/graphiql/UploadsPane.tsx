import { Button, type GraphiQLPlugin, pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';

import { UploadIcon } from './icons';
import { type Slot, slotsOf } from './slots';
import { useStore } from './store';
import { files, selectFiles } from './uploads';

function UploadsPane() {
  const { documentAST, operationName, schema } = useGraphiQL(pick('documentAST', 'operationName', 'schema'));
  const { run } = useGraphiQLActions();
  const slots = documentAST ? slotsOf(documentAST, operationName, schema) : [];
  return (
    <section className="pane" aria-label="Upload">
      <h2>Upload</h2>
      {slots.length === 0 ? (
        <p>
          The operation in the editor has no files. Add a variable of type <code>Upload</code>, or of an input
          type with such a field, as in the example “Upload”.
        </p>
      ) : (
        <>
          <p>
            The files are sent with the operation in the editor, according to the GraphQL multipart request
            specification.
          </p>
          {slots.map((slot) => (
            <FileField key={slot.path} slot={slot} />
          ))}
          <Button onClick={run}>Run with these files</Button>
        </>
      )}
    </section>
  );
}

function FileField({ slot: { path, isList } }: { slot: Slot }) {
  const selected = useStore(files)[path] ?? [];
  return (
    <label className="drop">
      <code>${path}</code>
      <input
        type="file"
        multiple={isList}
        onChange={(event) => selectFiles(path, [...(event.target.files ?? [])])}
      />
      {selected.map((file) => (
        <small key={file.name}>
          {isList && `${file.name}, `}
          {size(file.size)}
        </small>
      ))}
    </label>
  );
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export const uploadsPlugin: GraphiQLPlugin = { title: 'Upload', icon: UploadIcon, content: UploadsPane };
