import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Playground() {
  return <Page title={useMessages(shell).playground}>…</Page>;
}
