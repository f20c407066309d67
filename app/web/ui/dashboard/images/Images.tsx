import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Images() {
  return <Page title={useMessages(shell).images}>…</Page>;
}
