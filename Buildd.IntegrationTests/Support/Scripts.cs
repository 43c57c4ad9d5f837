namespace Buildd.IntegrationTests.Support;

/// <summary>The scripts of this project, which are files beside the classes that run them and part of the assembly.</summary>
/// <remarks>What a script has to know comes as arguments or variables: no text of it is ever replaced.</remarks>
internal static class Scripts
{
    /// <summary>Returns a script as a file that can be run.</summary>
    /// <param name="path">Its path in the project.</param>
    internal static string Program(string path)
    {
        using var stream = typeof(Scripts).Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"the assembly has no script '{path}'");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Returns a script to be handed to an interpreter: without the line that names the interpreter.</summary>
    /// <param name="path">Its path in the project.</param>
    internal static string Text(string path)
    {
        var program = Program(path);
        return program[(program.IndexOf('\n', StringComparison.Ordinal) + 1)..].TrimEnd('\n');
    }
}
