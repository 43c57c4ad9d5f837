using System.Globalization;
using Buildd.Linux.Processes;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>The commands of live-build, with what all of them have in their environment.</summary>
internal static class LiveBuildCommands
{
    /// <summary>A command in the image's folder, in the reference's language and with its shell.</summary>
    internal static Command In(ImageArguments image, Command command)
    {
        var epoch = image.SourceDateEpoch?.ToString(CultureInfo.InvariantCulture);
        command = command.WithEnvironment("LANG", "C.UTF-8")
            .WithEnvironment("SHELL", "/bin/sh") with
        { WorkingDirectory = ImageSite.Folder };
        return epoch is null ? command : command.WithEnvironment("SOURCE_DATE_EPOCH", epoch);
    }

    internal static Command Lb(ImageArguments image, string verb, params IEnumerable<string> options) =>
        In(image, Command.Of("lb", [verb, .. options]));

    internal static Command With(this Command command, IEnumerable<KeyValuePair<string, string?>> variables) =>
        command with { Environment = command.Environment.SetItems(variables) };
}
