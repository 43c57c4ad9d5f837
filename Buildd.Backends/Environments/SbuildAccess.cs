using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>How sbuild gets at the system that it builds in.</summary>
/// <param name="Arguments">What it is called with for that.</param>
/// <param name="Configuration">Lines of Perl for its configuration file.</param>
/// <param name="AsUser">Turns its command into one that runs as the build's user, where that is needed.</param>
internal sealed record SbuildAccess(IReadOnlyList<string> Arguments, string Configuration, Func<Command, Command> AsUser);
