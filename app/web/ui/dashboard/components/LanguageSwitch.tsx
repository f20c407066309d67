import { type Language, LANGUAGES, language, setLanguage, useMessages } from '../../base/language';
import { shell } from '../messages/shell';
import { useStore } from '../../base/store';

export function LanguageSwitch() {
  const current = useStore(language);
  const t = useMessages(shell);
  return (
    <select
      class="language"
      aria-label={t.language}
      value={current}
      onChange={(event) => setLanguage(event.currentTarget.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([key, name]) => (
        <option key={key} value={key} lang={key}>
          {name}
        </option>
      ))}
    </select>
  );
}
