/* Decimal to double: fast exact paths, then the C library on a normalised copy. See decimal.h. */
#include "base/decimal.h"

#include <stdlib.h>
#include <string.h>

#define SURELY_EXACT 1000000000000000u /* 15 digits always fit the 53 bits of a double */
#define POW5_LO      (-40)
#define POW5_HI      40
/* A double between two neighbours is decided by at most 767 digits; more only say "not a tie". */
#define MAX_DIGITS 800

/* The 128 most significant bits of 5^q, normalised so that the top bit is set; rounded down for
 * q >= 0 (exact up to 55), up for q < 0. Powers beyond the table take the slow path. */
static const uint64_t pow5[POW5_HI - POW5_LO + 1][2] = {
    {0x8b61313bbabce2c6, 0x2323ac4b3b3da016}, /* 5^-40 */
    {0xae397d8aa96c1b77, 0xabec975e0a0d081b}, /* 5^-39 */
    {0xd9c7dced53c72255, 0x96e7bd358c904a22}, /* 5^-38 */
    {0x881cea14545c7575, 0x7e50d64177da2e55}, /* 5^-37 */
    {0xaa242499697392d2, 0xdde50bd1d5d0b9ea}, /* 5^-36 */
    {0xd4ad2dbfc3d07787, 0x955e4ec64b44e865}, /* 5^-35 */
    {0x84ec3c97da624ab4, 0xbd5af13bef0b113f}, /* 5^-34 */
    {0xa6274bbdd0fadd61, 0xecb1ad8aeacdd58f}, /* 5^-33 */
    {0xcfb11ead453994ba, 0x67de18eda5814af3}, /* 5^-32 */
    {0x81ceb32c4b43fcf4, 0x80eacf948770ced8}, /* 5^-31 */
    {0xa2425ff75e14fc31, 0xa1258379a94d028e}, /* 5^-30 */
    {0xcad2f7f5359a3b3e, 0x096ee45813a04331}, /* 5^-29 */
    {0xfd87b5f28300ca0d, 0x8bca9d6e188853fd}, /* 5^-28 */
    {0x9e74d1b791e07e48, 0x775ea264cf55347e}, /* 5^-27 */
    {0xc612062576589dda, 0x95364afe032a819e}, /* 5^-26 */
    {0xf79687aed3eec551, 0x3a83ddbd83f52205}, /* 5^-25 */
    {0x9abe14cd44753b52, 0xc4926a9672793543}, /* 5^-24 */
    {0xc16d9a0095928a27, 0x75b7053c0f178294}, /* 5^-23 */
    {0xf1c90080baf72cb1, 0x5324c68b12dd6339}, /* 5^-22 */
    {0x971da05074da7bee, 0xd3f6fc16ebca5e04}, /* 5^-21 */
    {0xbce5086492111aea, 0x88f4bb1ca6bcf585}, /* 5^-20 */
    {0xec1e4a7db69561a5, 0x2b31e9e3d06c32e6}, /* 5^-19 */
    {0x9392ee8e921d5d07, 0x3aff322e62439fd0}, /* 5^-18 */
    {0xb877aa3236a4b449, 0x09befeb9fad487c3}, /* 5^-17 */
    {0xe69594bec44de15b, 0x4c2ebe687989a9b4}, /* 5^-16 */
    {0x901d7cf73ab0acd9, 0x0f9d37014bf60a11}, /* 5^-15 */
    {0xb424dc35095cd80f, 0x538484c19ef38c95}, /* 5^-14 */
    {0xe12e13424bb40e13, 0x2865a5f206b06fba}, /* 5^-13 */
    {0x8cbccc096f5088cb, 0xf93f87b7442e45d4}, /* 5^-12 */
    {0xafebff0bcb24aafe, 0xf78f69a51539d749}, /* 5^-11 */
    {0xdbe6fecebdedd5be, 0xb573440e5a884d1c}, /* 5^-10 */
    {0x89705f4136b4a597, 0x31680a88f8953031}, /* 5^-9 */
    {0xabcc77118461cefc, 0xfdc20d2b36ba7c3e}, /* 5^-8 */
    {0xd6bf94d5e57a42bc, 0x3d32907604691b4d}, /* 5^-7 */
    {0x8637bd05af6c69b5, 0xa63f9a49c2c1b110}, /* 5^-6 */
    {0xa7c5ac471b478423, 0x0fcf80dc33721d54}, /* 5^-5 */
    {0xd1b71758e219652b, 0xd3c36113404ea4a9}, /* 5^-4 */
    {0x83126e978d4fdf3b, 0x645a1cac083126ea}, /* 5^-3 */
    {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a4}, /* 5^-2 */
    {0xcccccccccccccccc, 0xcccccccccccccccd}, /* 5^-1 */
    {0x8000000000000000, 0x0000000000000000}, /* 5^0 */
    {0xa000000000000000, 0x0000000000000000}, /* 5^1 */
    {0xc800000000000000, 0x0000000000000000}, /* 5^2 */
    {0xfa00000000000000, 0x0000000000000000}, /* 5^3 */
    {0x9c40000000000000, 0x0000000000000000}, /* 5^4 */
    {0xc350000000000000, 0x0000000000000000}, /* 5^5 */
    {0xf424000000000000, 0x0000000000000000}, /* 5^6 */
    {0x9896800000000000, 0x0000000000000000}, /* 5^7 */
    {0xbebc200000000000, 0x0000000000000000}, /* 5^8 */
    {0xee6b280000000000, 0x0000000000000000}, /* 5^9 */
    {0x9502f90000000000, 0x0000000000000000}, /* 5^10 */
    {0xba43b74000000000, 0x0000000000000000}, /* 5^11 */
    {0xe8d4a51000000000, 0x0000000000000000}, /* 5^12 */
    {0x9184e72a00000000, 0x0000000000000000}, /* 5^13 */
    {0xb5e620f480000000, 0x0000000000000000}, /* 5^14 */
    {0xe35fa931a0000000, 0x0000000000000000}, /* 5^15 */
    {0x8e1bc9bf04000000, 0x0000000000000000}, /* 5^16 */
    {0xb1a2bc2ec5000000, 0x0000000000000000}, /* 5^17 */
    {0xde0b6b3a76400000, 0x0000000000000000}, /* 5^18 */
    {0x8ac7230489e80000, 0x0000000000000000}, /* 5^19 */
    {0xad78ebc5ac620000, 0x0000000000000000}, /* 5^20 */
    {0xd8d726b7177a8000, 0x0000000000000000}, /* 5^21 */
    {0x878678326eac9000, 0x0000000000000000}, /* 5^22 */
    {0xa968163f0a57b400, 0x0000000000000000}, /* 5^23 */
    {0xd3c21bcecceda100, 0x0000000000000000}, /* 5^24 */
    {0x84595161401484a0, 0x0000000000000000}, /* 5^25 */
    {0xa56fa5b99019a5c8, 0x0000000000000000}, /* 5^26 */
    {0xcecb8f27f4200f3a, 0x0000000000000000}, /* 5^27 */
    {0x813f3978f8940984, 0x4000000000000000}, /* 5^28 */
    {0xa18f07d736b90be5, 0x5000000000000000}, /* 5^29 */
    {0xc9f2c9cd04674ede, 0xa400000000000000}, /* 5^30 */
    {0xfc6f7c4045812296, 0x4d00000000000000}, /* 5^31 */
    {0x9dc5ada82b70b59d, 0xf020000000000000}, /* 5^32 */
    {0xc5371912364ce305, 0x6c28000000000000}, /* 5^33 */
    {0xf684df56c3e01bc6, 0xc732000000000000}, /* 5^34 */
    {0x9a130b963a6c115c, 0x3c7f400000000000}, /* 5^35 */
    {0xc097ce7bc90715b3, 0x4b9f100000000000}, /* 5^36 */
    {0xf0bdc21abb48db20, 0x1e86d40000000000}, /* 5^37 */
    {0x96769950b50d88f4, 0x1314448000000000}, /* 5^38 */
    {0xbc143fa4e250eb31, 0x17d955a000000000}, /* 5^39 */
    {0xeb194f8e1ae525fd, 0x5dcfab0800000000}, /* 5^40 */
};

static const double pow10_exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

__extension__ typedef unsigned __int128 u128;

/* The top bits of w * 5^q as (high, low); low is exact enough to tell every case apart but those
 * the caller checks for. */
static u128 product(uint64_t w, int q)
{
    const uint64_t *power = pow5[q - POW5_LO];
    u128 p = (u128)w * power[0];
    if (((uint64_t)(p >> 64) & 0x1ff) == 0x1ff) {
        /* The discarded bits are all ones: the lower half of the power may carry into them. */
        const u128 rest = (u128)w * power[1];
        p += (uint64_t)(rest >> 64);
    }
    return p;
}

/* floor(log2(10^q)) for the small |q| of the table. */
static int log2_of_pow10(int q)
{
    return (152170 + 65536) * q >> 16;
}

/* Lemire's method. w != 0. False when rounding is undecided or the result is not normal. */
static bool scaled_product(uint64_t w, int q, double *value)
{
    const int zeros = __builtin_clzll(w);
    const u128 p = product(w << zeros, q);
    const uint64_t high = (uint64_t)(p >> 64);
    const uint64_t low = (uint64_t)p;
    if (low == UINT64_MAX && (q < -27 || q > 55))
        return false;
    const int top = (int)(high >> 63);
    const int shift = top + 64 - 52 - 3;
    uint64_t mantissa = high >> shift; /* 53 bits and a rounding bit */
    int exponent = log2_of_pow10(q) + 63 + top - zeros + 1023;
    if (exponent <= 0 || exponent >= 0x7fe)
        return false;
    /* Exactly half way between two doubles: to even, so the rounding bit must not carry. */
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~(uint64_t)1;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
        mantissa >>= 1;
        exponent++;
    }
    const uint64_t bits = (mantissa & (((uint64_t)1 << 52) - 1)) | (uint64_t)exponent << 52;
    memcpy(value, &bits, sizeof(bits));
    return true;
}

bool sb_decimal_fast(uint64_t significand, int exponent, double *value)
{
    /* More digits could be exact, too, but are so only now and then: a branch nobody can predict.
     */
    if (significand < SURELY_EXACT && exponent >= -22 && exponent <= 22) {
        const double v = (double)significand;
        *value = exponent < 0 ? v / pow10_exact[-exponent] : v * pow10_exact[exponent];
        return true;
    }
    if (significand == 0 || exponent < POW5_LO || exponent > POW5_HI)
        return false;
    return scaled_product(significand, exponent, value);
}

/* The decimal exponent after 'e', clamped: beyond +-100000 only the sign matters. */
static int parse_exponent(const char *p, const char *end)
{
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    int e = 0;
    for (; p < end; p++)
        e = e < 100000 ? e * 10 + (*p - '0') : e;
    return negative ? -e : e;
}

double sb_decimal_exact(const char *text, size_t length)
{
    char copy[MAX_DIGITS + 32];
    const char *const end = text + length;
    const char *p = text;
    size_t n = 0;
    int64_t exponent = 0; /* of the last digit kept */
    bool point = false, more = false;
    if (*p == '-')
        copy[n++] = *p++;
    const size_t first = n;
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            point = true;
        } else if (n - first == MAX_DIGITS) {
            more = more || *p != '0';
            exponent += !point;
        } else {
            exponent -= point;
            if (n > first || *p != '0') /* leading zeros */
                copy[n++] = *p;
        }
    }
    if (n == first)
        copy[n++] = '0';
    if (more) { /* a last digit in place of all that were left out */
        copy[n++] = '1';
        exponent--;
    }
    if (p < end)
        exponent += parse_exponent(p + 1, end);
    exponent = exponent > 200000 ? 200000 : exponent < -200000 ? -200000 : exponent;
    copy[n++] = 'e'; /* no decimal point, so the locale cannot interfere */
    n += exponent < 0;
    if (exponent < 0)
        copy[n - 1] = '-';
    uint64_t rest = (uint64_t)(exponent < 0 ? -exponent : exponent);
    for (uint64_t scale = 100000; scale > 0; scale /= 10) {
        copy[n++] = (char)('0' + rest / scale);
        rest %= scale;
    }
    copy[n] = '\0';
    return strtod(copy, NULL);
}
