import { messages } from '../../base/language';
import { en } from './en';
import { zh } from './zh';

export const page = messages(en, zh);
