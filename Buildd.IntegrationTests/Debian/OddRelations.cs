namespace Buildd.IntegrationTests.Debian;

/// <summary>Makes lists of relations and versions that are odd, and legal or not; each character stands for a byte.</summary>
internal sealed class OddRelations(Random random)
{
    private readonly OddText _odd = new(random);

    internal string List()
    {
        var text = string.Concat(Enumerable.Range(0, 1 + _odd.Next(4)).Select(
            _ => Group() + _odd.Pick(",", ", ", ",\n ", " ,\t", ",,", "\r\n,")));
        return _odd.MaybeDisturb(_odd.Chance(70) ? text.TrimEnd(',', ' ', '\n', '\t', '\r') : text);
    }

    internal string Version()
    {
        var pieces = string.Concat(Enumerable.Range(0, _odd.Next(5)).Select(_ =>
            _odd.Pick(".", "-", "+", "~", ":", "0", "1", "rc", "00", "dfsg", "Z", "9")));
        var epoch = _odd.Pick("", "", "", "0:", "1:", "007:", "2147483647:", "2147483648:");
        return _odd.MaybeDisturb(epoch + _odd.Pick("1", "0", "12", "a", "") + pieces);
    }

    private string Group() =>
        string.Join(_odd.Pick("|", " | ", "\n |", "| "), Enumerable.Range(0, _odd.Pick(1, 1, 1, 2, 3)).Select(_ => One()));

    private string One()
    {
        var text = _odd.Blank() + _odd.Pick("a", "hello", "lib++", "0ad", "X.y-z");
        if (_odd.Chance(20))
            text += ":" + _odd.Pick("any", "native", "amd64");
        if (_odd.Chance(50))
        {
            text += $"{_odd.Blank()}({_odd.Blank()}{_odd.Pick(">=", "<<", "=", "<=", ">>", "<", ">")}{_odd.Blank()}";
            text += $"{(_odd.Chance(10) ? Version() : _odd.Pick("1", "1:2.0~rc1-1", "0", "2.10-3+b1"))}{_odd.Blank()})";
        }

        if (_odd.Chance(30))
            text += $"{_odd.Blank()}[{_odd.Blank()}{_odd.Pick("amd64", "!i386", "linux-any any-arm", "!a !b", "a  !b")}{_odd.Blank()}]";
        if (_odd.Chance(30))
            text += $"{_odd.Blank()}<{_odd.Blank()}{_odd.Pick("!nocheck", "cross !stage1", "pkg.a.b", "!a !b")}{_odd.Blank()}>";
        if (_odd.Chance(10))
            text += _odd.Pick(" ", "") + "<!nodoc>";
        return text + _odd.Blank();
    }
}
