import { useEffect, useState } from 'preact/hooks';

import { mutate } from '../api/client';
import { type CategoryCard, CREATE_CATEGORY, DELETE_CATEGORY, UPDATE_CATEGORY } from '../api/documents';
import { type ApiError, errorMessage } from '../api/errors';
import { loadCategories, useCategories } from '../categories';
import { useMessages } from '../../base/language';
import { Button } from '../components/Button';
import { Confirm } from '../components/Dialog';
import { Empty } from '../components/Empty';
import { Alert, Field } from '../components/Field';
import { FormDialog, textOf } from '../components/Form';
import { Page } from '../components/Page';
import { toast } from '../components/Toasts';
import { categories as table } from '../messages/categories';
import { href } from '../router';
import './panels.css';

type OpenDialog =
  { kind: 'edit'; category: CategoryCard | null } | { kind: 'delete'; category: CategoryCard };

export function Categories() {
  const t = useMessages(table);
  const all = useCategories();
  const [error, setError] = useState<ApiError | null>(null);
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const close = () => setDialog(null);
  useEffect(() => void loadCategories().then(setError), []);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: 'edit', category: null })}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={all?.length ? button : null}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {all?.length === 0 && (
        <Empty icon="categories" title={t.emptyTitle}>
          <p>{t.emptyText}</p>
          {button}
        </Empty>
      )}
      {Boolean(all?.length) && (
        <ul class="items" aria-label={t.title}>
          {all!.map((category) => (
            <Row key={category.id} category={category} onOpen={(kind) => setDialog({ kind, category })} />
          ))}
        </ul>
      )}
      {dialog?.kind === 'edit' && <Edit category={dialog.category} onClose={close} />}
      {dialog?.kind === 'delete' && <Delete category={dialog.category} onClose={close} />}
    </Page>
  );
}

function Row({ category, onOpen }: { category: CategoryCard; onOpen: (kind: OpenDialog['kind']) => void }) {
  const t = useMessages(table);
  const { id, name, description } = category;
  return (
    <li class="item">
      <div class="item-text">
        <h2 class="item-name">
          <a class="item-link" href={href('/', { category: id })}>
            {name}
          </a>
        </h2>
        {description && <p class="muted">{description}</p>}
      </div>
      <div class="row">
        <Button icon="edit" aria-label={t.editThis(name)} title={t.edit} onClick={() => onOpen('edit')} />
        <Button
          icon="trash"
          aria-label={t.deleteThis(name)}
          title={t.delete}
          onClick={() => onOpen('delete')}
        />
      </div>
    </li>
  );
}

/** Edit a category, or create one if `category` is null. */
function Edit({ category, onClose }: { category: CategoryCard | null; onClose: () => void }) {
  const t = useMessages(table);
  const save = async (form: FormData) => {
    const input = { name: textOf(form, 'name'), description: textOf(form, 'description') || null };
    const result = category
      ? await mutate(UPDATE_CATEGORY, { input: { id: category.id, ...input } })
      : await mutate(CREATE_CATEGORY, { input });
    const error = result.error ?? (await loadCategories());
    if (error) return error;
    toast(t.saved);
    onClose();
    return null;
  };
  return (
    <FormDialog
      title={category ? t.edit : t.create}
      action={category ? t.save : t.create}
      onSubmit={save}
      onClose={onClose}
    >
      {(fieldErrors) => (
        <>
          <Field label={t.name} errors={fieldErrors('name')}>
            <input name="name" required maxLength={100} defaultValue={category?.name ?? ''} autofocus />
          </Field>
          <Field label={t.description} errors={fieldErrors('description')}>
            <textarea name="description" defaultValue={category?.description ?? ''} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}

function Delete({ category: { id, name }, onClose }: { category: CategoryCard; onClose: () => void }) {
  const t = useMessages(table);
  const remove = async () => {
    const { error } = await mutate(DELETE_CATEGORY, { id });
    if (error) return error;
    toast(t.deleted(name));
    return loadCategories();
  };
  return (
    <Confirm title={t.deleteTitle(name)} action={t.delete} onConfirm={remove} onClose={onClose}>
      <p>{t.deleteText}</p>
    </Confirm>
  );
}
