import { expect, test } from 'vitest';
import { drawing, scaleFor } from './drawing.ts';

const cutoffs = [90, 75, 60, 0];

test('the scale goes from 60 to 100 with the cut-offs between', () => {
  const scale = scaleFor([71.2, 64], cutoffs);
  expect(scale.ticks.map(({ value }) => value)).toEqual(['60', '75', '90', '100']);
  expect([scale.place(60), scale.place(80), scale.place(100)]).toEqual(['4.00%', '50.00%', '96.00%']);
});

test('it begins lower where somebody is lower, at a full ten, and never below nought', () => {
  expect(scaleFor([58.3], cutoffs).ticks.map(({ value }) => value)).toEqual(['50', '60', '75', '90', '100']);
  expect(scaleFor([0], cutoffs).from).toBe(0);
  expect(scaleFor([], cutoffs).from).toBe(60);
});

test('dot and interval keep their order, and stay on the drawing', () => {
  const scale = scaleFor([62], cutoffs);
  expect(drawing(scale, '98.00', ['94.10', '100.00'])).toEqual({ dot: '91.40%', low: '82.43%', high: '96.00%' });
  expect(scale.place(20)).toBe('4.00%');
});
