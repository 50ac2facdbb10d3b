"""Makes stdnum.json: VAT IDs of every supported country with the verdict of python-stdnum.

python-stdnum is only the second opinion of the tests; the rules themselves are written from the
published algorithms. Made once with Debian's python3-stdnum 1.18; run it again, from this folder, with

    /usr/bin/python3 make_fixture.py > stdnum.json

The random generator is seeded, so the same stdnum gives the same file.
"""

import json
import random
import sys

sys.path.insert(0, '/usr/lib/python3/dist-packages')

import stdnum  # noqa: E402
from stdnum.ch import uid, vat as chvat  # noqa: E402
from stdnum.eu import vat as euvat  # noqa: E402
from stdnum.gb import vat as gbvat  # noqa: E402
from stdnum.no import mva, orgnr  # noqa: E402

rnd = random.Random(20251121)

# '#' a digit, '@' a letter, {date} yymmdd, {f} yymm+50dd, {dmy} ddmmyy,
# {egn} yymm+40dd, {md} mmdd, {md20} mm+20dd or mm+70dd, [abc] or [1-9] one of these; everything else stands for itself.
SHAPES = {
    'AT': ['U########'],
    'BE': ['0#########', '1#########', '[23456789]#########', '#########'],
    'BG': ['#########', '{date}####', '{egn}####', '##########'],
    'CY': ['########@', '[01345]#######@', '6#######@', '12######@'],
    'CZ': ['########', '6########', '[01234]#[01]###[01]##', '{date}###', '{f}###', '9#{md}###',
           '{date}####', '{f}####', '0[456789]{md20}####', '[5678]#{md}###0'],
    'DE': ['#########'],
    'DK': ['########'],
    'EE': ['#########', '10#######'],
    'EL': ['#########', '########'],
    'ES': ['########@', '[XYZ]#######@', '[KLM]#######@', '[ABEH]########', '[PQS]#######[ABCDEFGHIJ]',
           '[NRW]#######[ABCDEFGHIJ]', '[CDFGJUV]########', '[CDFGJUV]#######[ABCDEFGHIJ]',
           '[NRW]########'],
    'FI': ['########'],
    'FR': ['###########', '@##########', '#@#########', '@@#########', '##000######'],
    'HR': ['###########'],
    'HU': ['########'],
    'IE': ['#######@', '#######@[ABCDEFGHI]', '#######@W', '#[ABCDEFGHIJKLMNOPQRSTUVWXYZ+*]#####@',
           '[789]@#####@', '#######@@'],
    'IT': ['###########', '#######0[1-9]##', '#######888#', '#######[2-7]###'],
    'LT': ['#######1#', '##########1#', '#########'],
    'LU': ['########'],
    'LV': ['[4-9]##########', '{dmy}[012]####', '32#########'],
    'MT': ['########', '[1-9]#######'],
    'NL': ['#########B##', '#########B0[1-9]', '#########B00'],
    'PL': ['##########'],
    'PT': ['#########'],
    'RO': ['#' * n for n in range(2, 11)] + ['[12]{date}##[1-9]###'],
    'SE': ['##########01', '##########02', '##########94'],
    'SI': ['########'],
    'SK': ['##########', '##[234789]#######', '{date}####'],
    'XI': ['#########', '############', 'GD[0-4]##', 'HA[5-9]##', 'GD8888[0-4]####', 'HA8888[5-9]####'],
    'GB': ['#########', '############', '0########', 'GD[0-4]##', 'HA[5-9]##', 'GD8888[0-4]####',
           'HA8888[5-9]####'],
    'CH': ['E#########', 'E#########MWST', 'E#########TVA', 'E#########IVA', '#########'],
    'NO': ['#########', '[89]########', '#########MVA'],
}


def accepted(country, body):
    """The verdict of stdnum, asked the way a user of that library would."""
    text = country + body
    if country == 'GB':
        return gbvat.is_valid(text)
    if country == 'CH':
        return uid.is_valid(text) if body[-1:].isdigit() else chvat.is_valid(text)
    if country == 'NO':
        return mva.is_valid(text) if body.endswith('MVA') else orgnr.is_valid(body)
    return euvat.is_valid(text)


def fill_date(shape):
    y, m, d = rnd.randrange(100), rnd.randrange(1, 13), rnd.randrange(1, 29)
    for name, text in (
            ('{date}', '%02d%02d%02d' % (y, m, d)),
            ('{f}', '%02d%02d%02d' % (y, m + 50, d)),
            ('{egn}', '%02d%02d%02d' % (y, m + 40, d)),
            ('{dmy}', '%02d%02d%02d' % (d, m, y)),
            ('{md}', '%02d%02d' % (m, d)),
            ('{md20}', '%02d%02d' % (m + rnd.choice((20, 70)), d))):
        shape = shape.replace(name, text)
    return shape


def one_of(text):
    if len(text) == 3 and text[1] == '-':
        return str(rnd.randrange(int(text[0]), int(text[2]) + 1))
    return rnd.choice(text)


def fill(shape):
    shape, out = fill_date(shape), ''
    while shape:
        c, shape = shape[0], shape[1:]
        if c == '[':
            end = shape.index(']')
            c, shape = one_of(shape[:end]), shape[end + 1:]
        elif c in '#@':
            c = rnd.choice('0123456789' if c == '#' else 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
        out += c
    return out


def bump(c):
    if c.isdigit():
        return str((int(c) + 1) % 10)
    if c.isalpha():
        return chr((ord(c) - 64) % 26 + 65)
    return c


def damaged(body):
    """Off by one in every place, wrong lengths, letters for digits, odd forms."""
    yield from (body[:i] + bump(c) + body[i + 1:] for i, c in enumerate(body))
    yield from (body[:-1], body[1:], body + '0', '0' + body, body + 'A', 'A' + body)
    i, c = rnd.randrange(len(body)), rnd.choice('OIZ')
    yield from (body[:i] + body[i + 1:], body[:i] + c + body[i + 1:])
    yield from (body[:i] + ',' + body[i:], body + body, body[::-1])


def main():
    cases = {}
    for country, shapes in SHAPES.items():
        good, bad = set(), set()
        few = max(12, 50 // len(shapes) + 8)
        for shape in shapes:
            found = set()
            for _ in range(40000):
                body = fill(shape)
                if accepted(country, body):
                    found.add(body)
                elif len(bad) < 60 and rnd.random() < 0.02:
                    bad.add(body)
                if len(found) >= (44 if shape is shapes[0] else few):
                    break
            # Shapes that stdnum refuses altogether are worth a few rows too.
            bad.update(b for b in (fill(shape) for _ in range(8)) if not accepted(country, b))
            good |= found
        seeds = rnd.sample(sorted(good), 5)
        for body in (d for b in seeds for d in damaged(b)):
            (good if accepted(country, body) else bad).add(body)
        assert len(good) >= 40 and len(bad) >= 60, (country, len(good), len(bad))
        cases[country] = {'valid': sorted(good), 'invalid': sorted(bad)}
        print(country, len(good), len(bad), file=sys.stderr)
    rows = ',\n'.join('  %s: %s' % (json.dumps(c), json.dumps(v)) for c, v in cases.items())
    print('{"oracle": "python-stdnum %s", "countries": {\n%s\n}}' % (stdnum.__version__, rows))


main()
