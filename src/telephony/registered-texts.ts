import { exampleLength, type Length } from '../survey/questionnaire/measure.ts';
import type { Language, Questionnaire, TextId } from '../survey/questionnaire/questionnaire.ts';
import type { Registration, TextPort } from './ports.ts';
import { templateWords } from './words.ts';

/** A text as it is registered with a carrier, and how it stands there. */
export interface RegisteredText extends Length {
  readonly id: TextId;
  /** What differs from text to text is left open as `${manager}`. */
  readonly words: string;
  /** `unknown` where the carrier could not be asked; null where it sends any words, or nobody carries texts. */
  readonly registration: Registration | { readonly status: 'unknown'; readonly code: null } | null;
}

export type RegistrationStatus = NonNullable<RegisteredText['registration']>['status'];

/** Every text of a questionnaire. Those that the carrier cannot be asked about do not keep back the others. */
export function registeredTexts(
  questionnaire: Questionnaire,
  language: Language,
  port: Pick<TextPort, 'registration'> | null,
): Promise<RegisteredText[]> {
  const ask = port?.registration;
  return Promise.all(
    Object.keys(questionnaire.texts).map(async (id): Promise<RegisteredText> => {
      const words = templateWords(id, language, questionnaire);
      const unknown = { status: 'unknown', code: null } as const;
      return {
        ...{ id, words, ...exampleLength(id, language, questionnaire) },
        registration: ask ? await ask({ id, language, words }).catch(() => unknown) : null,
      };
    }),
  );
}
