namespace Buildd.Daemon.Configuration;

/// <summary>A key of an INI file and where it stands.</summary>
/// <param name="Section">Its section, as written.</param>
/// <param name="Key">The key, as written.</param>
/// <param name="Line">Its line, from 1.</param>
internal sealed record IniKey(string Section, string Key, int Line);
