import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { BadTwiml, readTwiml } from './twiml.ts';

const { VoiceResponse } = twilio.twiml;

describe('TwiML written by the library', () => {
  it('is read back in order, with every word timed', () => {
    const response = new VoiceResponse();
    response.say('您好。');
    response.pause({ length: 2 });
    const gather = response.gather({
      numDigits: 1,
      timeout: 12,
      finishOnKey: '',
      actionOnEmptyResult: true,
      action: '/turn?n=1&t=2',
      method: 'POST',
      input: ['dtmf'],
    });
    gather.say({ language: 'cmn-CN' }, '请打分');
    response.redirect({ method: 'GET' }, 'https://example.com/next?a=1&b=2');
    response.hangup();

    const { verbs, ignored } = readTwiml(response.toString());

    expect(verbs.map(({ verb }) => verb)).toEqual(['say', 'say', 'gather', 'redirect', 'hangup']);
    expect(verbs[0]).toMatchObject({ prompt: { words: '您好。' } });
    expect(verbs[1]).toMatchObject({ prompt: { words: '', seconds: 2 } });
    expect(verbs[2]).toMatchObject({
      gather: {
        prompt: { words: '请打分', seconds: 0.75 },
        numDigits: 1,
        timeout: 12,
        finishOnKey: '',
        actionOnEmptyResult: true,
        action: '/turn?n=1&t=2',
        method: 'POST',
        dtmf: true,
      },
    });
    expect(verbs[3]).toMatchObject({ url: 'https://example.com/next?a=1&b=2', method: 'GET' });
    expect(ignored).toEqual([]);
  });

  it('breaks take their time and a slow rate stretches what is inside it', () => {
    const response = new VoiceResponse();
    const say = response.say('');
    say.break({ time: '800ms' });
    say.prosody({ rate: 'slow' }, '慢慢说话');
    say.break({ time: '0.6s' });
    say.addText('好');

    const [first] = readTwiml(response.toString()).verbs;

    expect(first).toMatchObject({ verb: 'say', prompt: { words: '慢慢说话好' } });
    expect(first?.verb === 'say' && first.prompt.seconds).toBeCloseTo(0.8 + 1.35 + 0.6 + 0.25, 9);
  });

  it("an empty Gather has Twilio's defaults", () => {
    expect(readTwiml('<Response><Gather/></Response>').verbs).toMatchObject([
      {
        verb: 'gather',
        gather: {
          numDigits: null,
          timeout: 5,
          finishOnKey: '#',
          actionOnEmptyResult: false,
          action: null,
          method: 'POST',
        },
      },
    ]);
  });

  it('entities and CDATA are words like others', () => {
    const xml =
      '<?xml version="1.0" encoding="UTF-8"?>\n<!-- x --><Response><Say>A &amp; <![CDATA[B]]></Say></Response>';
    expect(readTwiml(xml).verbs).toMatchObject([{ prompt: { words: 'A &B' } }]);
  });
});

describe('what is not TwiML', () => {
  it.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['a torn document', '<Response><Say>你好'],
    ['a page', '<html><body>502 Bad Gateway</body></html>'],
    ['two roots', '<Response/><Response/>'],
  ])('%s is refused with 12100', (_what, xml) => {
    expect(() => readTwiml(xml)).toThrowError(expect.objectContaining({ name: BadTwiml.name, code: 12100 }));
  });

  it('an unknown element is passed over and named', () => {
    expect(readTwiml('<Response><Sing>la</Sing><Hangup/></Response>')).toEqual({
      verbs: [{ verb: 'hangup' }],
      ignored: ['Sing'],
    });
  });
});
