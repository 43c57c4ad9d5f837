using System.Globalization;

namespace Buildd.Backends.Root;

/// <summary>An account of this machine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number.</param>
/// <param name="Home">Its home folder.</param>
public sealed record UserAccount(string Name, uint Id, string Home)
{
    /// <summary>Looks an account up in /etc/passwd; null when there is none of that name.</summary>
    public static UserAccount? Find(string name) => Find(name, File.ReadLines("/etc/passwd"));

    internal static UserAccount? Find(string name, IEnumerable<string> passwd) => passwd
        .Select(line => line.Split(':'))
        .Where(
            fields =>
                fields.Length >= 7 && fields[0] == name && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        .Select(fields => new UserAccount(name, uint.Parse(fields[2], CultureInfo.InvariantCulture), fields[5]))
        .FirstOrDefault();
}
