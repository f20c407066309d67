import { Button, type GraphiQLPlugin, pick as only, useGraphiQL, useGraphiQLActions } from '@graphiql/react';

import { UploadIcon } from './icons';
import { type Slot, slotsOf } from './slots';
import { useStore } from './store';
import { files, pick } from './uploads';

function UploadsPane() {
  const { documentAST, operationName, schema } = useGraphiQL(only('documentAST', 'operationName', 'schema'));
  const { run } = useGraphiQLActions();
  const slots = documentAST ? slotsOf(documentAST, operationName, schema) : [];
  return (
    <section className="pane" aria-label="Upload">
      <h2>Upload</h2>
      {slots.length === 0 ? (
        <p>
          The operation in the editor takes no file. One that does has a variable of the type{' '}
          <code>Upload</code>, or of an input with such a field: see “Upload” among the examples.
        </p>
      ) : (
        <>
          <p>
            The files are sent with the operation in the editor, as a form of the GraphQL multipart request
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

function FileField({ slot: { path, takesMany } }: { slot: Slot }) {
  const chosen = useStore(files)[path] ?? [];
  return (
    <label className="drop">
      <code>${path}</code>
      <input
        type="file"
        multiple={takesMany}
        onChange={(event) => pick(path, [...(event.target.files ?? [])])}
      />
      {chosen.map((file) => (
        <small key={file.name}>
          {takesMany && `${file.name}, `}
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
