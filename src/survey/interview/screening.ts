/**
 * What assistants that screen calls say once they know who is calling: that their owner is being asked (iOS 26, Android,
 * 来电助理). Said by a machine, so it is no sign of a person, and nobody is to be asked a question for it.
 */
const asking = [
  /稍等|稍候|等一下|别挂|不要挂|转告|转达|转接|接通|正在(?:为您)?(?:询问|通知|联系|查看)|(?:说明|留下).*(?:来意|姓名|事由)|您是(?:谁|哪位).*什么事/u,
  /\b(?:hold|wait|one moment|stay on the line|see if|check(?:ing)? (?:if|whether)|connect(?:ing)? you|reason for (?:your call|calling))\b/iu,
];

/** @param words as the carrier wrote them down */
export const asksToWait = (words: string): boolean => asking.some((phrase) => phrase.test(words.normalize('NFKC')));
