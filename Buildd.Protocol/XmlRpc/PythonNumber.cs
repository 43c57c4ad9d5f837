using System.Globalization;
using System.Numerics;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Numbers as Python reads and prints them, since the reference leaves both to <c>int()</c>, <c>float()</c> and
/// <c>repr()</c>. The messages are Python's too.
/// </summary>
/// <remarks>
/// Differs: Python takes digits grouped by underscores (<c>1_000</c>) and the decimal digits of every script. Nobody
/// sends those, and a number that looks like that is a mistake worth a fault.
/// </remarks>
internal static class PythonNumber
{
    private const NumberStyles FloatStyle =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <exception cref="XmlRpcReadException">It is no integer, or has too many digits.</exception>
    public static BigInteger ParseInteger(ReadOnlySpan<char> text)
    {
        var trimmed = text.Trim();
        var digits = WithoutSign(trimmed);
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
            throw new XmlRpcReadException($"invalid literal for int() with base 10: {PythonText.Repr(text)}");

        // Before the conversion, which takes time by the square of the length.
        if (digits.Length > XmlRpcLimits.MaxIntegerDigits)
        {
            throw new XmlRpcReadException(
                $"an integer has {digits.Length} digits, more than the limit of {XmlRpcLimits.MaxIntegerDigits}");
        }

        return BigInteger.Parse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    /// <exception cref="XmlRpcReadException">It is no number.</exception>
    public static double ParseDouble(ReadOnlySpan<char> text)
    {
        var trimmed = text.Trim();
        var magnitude = WithoutSign(trimmed);
        if (IsInfinity(magnitude))
            return trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        if (magnitude.Equals("nan", StringComparison.OrdinalIgnoreCase))
            return double.NaN;

        return IsDecimal(magnitude)
            ? double.Parse(trimmed, FloatStyle, CultureInfo.InvariantCulture)
            : throw new XmlRpcReadException($"could not convert string to float: {PythonText.Repr(text)}");
    }

    /// <summary>Checks what Python's <c>Decimal()</c> would take, without computing anything.</summary>
    /// <exception cref="XmlRpcReadException">It is no number.</exception>
    public static string ParseBigDecimal(ReadOnlySpan<char> text)
    {
        var trimmed = text.Trim();
        var magnitude = WithoutSign(trimmed);
        var isNumber = IsInfinity(magnitude)
            || magnitude.StartsWith("nan", StringComparison.OrdinalIgnoreCase)
            || magnitude.StartsWith("snan", StringComparison.OrdinalIgnoreCase)
            || IsDecimal(magnitude);
        return isNumber
            ? trimmed.ToString()
            : throw new XmlRpcReadException("[<class 'decimal.ConversionSyntax'>]");
    }

    /// <summary>
    /// The shortest text that reads back as the same number, as <c>repr()</c> lays it out: always with a point or an
    /// exponent; no exponent from 1e-4 up to below 1e16; exponents with a sign and at least two digits.
    /// </summary>
    public static string Format(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value < 0 ? "-inf" : "inf";

        // .NET finds the same shortest digits, but sets the point elsewhere: take them apart, D.DDDE+XX or DDD.DDD.
        var text = ShortestText(Math.Abs(value));
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        // The number is 0.DIGITS times ten to the power of this.
        var scale = (point < 0 ? mantissa.Length : point) + exponent - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');

        var sign = double.IsNegative(value) ? "-" : "";
        if (digits.Length == 0)
            return sign + "0.0";
        if (scale is <= -4 or > 16)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            var power = scale - 1;
            var powerText = power.ToString("'+'00;'-'00", CultureInfo.InvariantCulture);
            return $"{sign}{digits[0]}{fraction}e{powerText}";
        }

        if (scale <= 0)
            return $"{sign}0.{new string('0', -scale)}{digits}";
        return digits.Length <= scale
            ? $"{sign}{digits.PadRight(scale, '0')}.0"
            : $"{sign}{digits[..scale]}.{digits[scale..]}";
    }

    /// <summary>
    /// .NET 10 finds one digit too few for 2^-25 and 2^-958, so that they read back as their neighbours; 17 digits are
    /// always enough.
    /// </summary>
    private static string ShortestText(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return double.Parse(text, FloatStyle, CultureInfo.InvariantCulture) == value
            ? text
            : value.ToString("G17", CultureInfo.InvariantCulture);
    }

    private static ReadOnlySpan<char> WithoutSign(ReadOnlySpan<char> text) =>
        text is ['+' or '-', .. var rest] ? rest : text;

    private static bool IsInfinity(ReadOnlySpan<char> text) =>
        text.Equals("inf", StringComparison.OrdinalIgnoreCase)
        || text.Equals("infinity", StringComparison.OrdinalIgnoreCase);

    /// <summary>Digits with at most one point, at least one of them, and perhaps an exponent.</summary>
    private static bool IsDecimal(ReadOnlySpan<char> text)
    {
        var e = text.IndexOfAny('e', 'E');
        if (e >= 0)
        {
            var exponent = WithoutSign(text[(e + 1)..]);
            if (exponent.IsEmpty || exponent.ContainsAnyExceptInRange('0', '9'))
                return false;
            text = text[..e];
        }

        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? default : text[(point + 1)..];
        return whole.Length + fraction.Length > 0
            && !whole.ContainsAnyExceptInRange('0', '9')
            && !fraction.ContainsAnyExceptInRange('0', '9');
    }
}
