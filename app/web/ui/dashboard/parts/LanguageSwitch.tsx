import { type Language, LANGUAGES, language, speak, useMessages } from '../language';
import { shell } from '../messages/shell';
import { useStore } from '../store';

export function LanguageSwitch() {
  const now = useStore(language);
  const t = useMessages(shell);
  return (
    <select
      class="language"
      aria-label={t.language}
      value={now}
      onChange={(event) => speak(event.currentTarget.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([key, name]) => (
        <option key={key} value={key} lang={key}>
          {name}
        </option>
      ))}
    </select>
  );
}
