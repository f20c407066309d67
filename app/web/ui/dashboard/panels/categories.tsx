import { useEffect, useState } from 'preact/hooks';

import { run } from '../api/client';
import { type CategoryCard, CREATE_CATEGORY, DELETE_CATEGORY, UPDATE_CATEGORY } from '../api/documents';
import { type Problem, errorMessage } from '../api/problem';
import { learnCategories, useCategories } from '../categories';
import { useMessages } from '../language';
import { categories as table } from '../messages/categories';
import { shell } from '../messages/shell';
import { Button } from '../parts/Button';
import { Confirm, Dialog } from '../parts/Dialog';
import { Empty } from '../parts/Empty';
import { Complaint, Field } from '../parts/Field';
import { Page } from '../parts/Page';
import { toast } from '../parts/Toasts';
import { href } from '../router';
import './panels.css';

type Doing = { kind: 'edit'; category: CategoryCard | null } | { kind: 'delete'; category: CategoryCard };

export function Categories() {
  const t = useMessages(table);
  const all = useCategories();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const stop = () => setDoing(null);
  useEffect(() => void learnCategories().then(setProblem), []);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setDoing({ kind: 'edit', category: null })}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={all?.length ? button : null}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {all?.length === 0 && (
        <Empty icon="categories" title={t.emptyTitle}>
          <p>{t.emptyWords}</p>
          {button}
        </Empty>
      )}
      {Boolean(all?.length) && (
        <ul class="items" aria-label={t.title}>
          {all!.map((category) => (
            <Row key={category.id} category={category} onDo={(kind) => setDoing({ kind, category })} />
          ))}
        </ul>
      )}
      {doing?.kind === 'edit' && <Edit category={doing.category} onClose={stop} />}
      {doing?.kind === 'delete' && <Delete category={doing.category} onClose={stop} />}
    </Page>
  );
}

function Row({ category, onDo }: { category: CategoryCard; onDo: (kind: Doing['kind']) => void }) {
  const t = useMessages(table);
  const { id, name, description } = category;
  return (
    <li class="item">
      <div class="item-words">
        <h2 class="item-name">
          <a class="item-link" href={href('/', { category: id })}>
            {name}
          </a>
        </h2>
        {description && <p class="quiet">{description}</p>}
      </div>
      <div class="row">
        <Button icon="edit" aria-label={t.editThis(name)} title={t.edit} onClick={() => onDo('edit')} />
        <Button
          icon="trash"
          aria-label={t.deleteThis(name)}
          title={t.delete}
          onClick={() => onDo('delete')}
        />
      </div>
    </li>
  );
}

/** A new category where there is none. */
function Edit({ category, onClose }: { category: CategoryCard | null; onClose: () => void }) {
  const t = useMessages(table);
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const said = {
      name: String(form.get('name') ?? '').trim(),
      description: String(form.get('description') ?? '').trim() || null,
    };
    setBusy(true);
    const answer = category
      ? await run(UPDATE_CATEGORY, { input: { id: category.id, ...said } })
      : await run(CREATE_CATEGORY, { input: said });
    setProblem(answer.problem ?? (await learnCategories()));
    setBusy(false);
    if (!answer.data) return;
    toast(t.saved);
    onClose();
  };
  return (
    <Dialog title={category ? t.edit : t.create} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <Field label={t.name} errors={problem?.fields['name']}>
          <input name="name" required maxLength={100} defaultValue={category?.name ?? ''} autofocus />
        </Field>
        <Field label={t.description} errors={problem?.fields['description']}>
          <textarea name="description" defaultValue={category?.description ?? ''} />
        </Field>
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {category ? t.save : t.create}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Delete({ category: { id, name }, onClose }: { category: CategoryCard; onClose: () => void }) {
  const t = useMessages(table);
  const remove = async () => {
    const { problem } = await run(DELETE_CATEGORY, { id });
    if (problem) return problem;
    toast(t.deleted(name));
    return learnCategories();
  };
  return (
    <Confirm title={t.deleteTitle(name)} action={t.delete} onConfirm={remove} onClose={onClose}>
      <p>{t.deleteWords}</p>
    </Confirm>
  );
}
