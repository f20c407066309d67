import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Tokens() {
  return <Page title={useMessages(shell).tokens}>…</Page>;
}
