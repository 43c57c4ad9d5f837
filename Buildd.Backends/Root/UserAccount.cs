using System.Globalization;

namespace Buildd.Backends.Root;

/// <summary>An account of this machine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number.</param>
/// <param name="Home">Its home folder.</param>
public sealed record UserAccount(string Name, uint Id, string Home)
{
    /// <summary>The number of its group.</summary>
    public uint GroupId { get; init; }

    /// <summary>Looks an account up in /etc/passwd; null when there is none of that name.</summary>
    public static UserAccount? Find(string name) => Find(name, File.ReadLines("/etc/passwd"));

    internal static UserAccount? Find(string name, IEnumerable<string> passwd) => passwd
        .Select(line => line.Split(':'))
        .Where(
            fields =>
                fields.Length >= 7 && fields[0] == name && Number(fields[2]) is not null && Number(fields[3]) is not null)
        .Select(fields => new UserAccount(name, Number(fields[2])!.Value, fields[5]) { GroupId = Number(fields[3])!.Value })
        .FirstOrDefault();

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
