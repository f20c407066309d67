import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Usage() {
  return <Page title={useMessages(shell).usage}>…</Page>;
}
