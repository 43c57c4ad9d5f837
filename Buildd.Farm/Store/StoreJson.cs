using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;

namespace Buildd.Farm.Store;

/// <summary>Lists as the text of a column.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<BuildFile>))]
internal sealed partial class StoreJson : JsonSerializerContext
{
    private const string Empty = "[]";

    internal static string Write(IReadOnlyList<string> words) =>
        words.Count == 0 ? Empty : JsonSerializer.Serialize(words, Default.IReadOnlyListString);

    internal static string Write(IReadOnlyList<BuildFile> files) =>
        files.Count == 0 ? Empty : JsonSerializer.Serialize(files, Default.IReadOnlyListBuildFile);

    internal static IReadOnlyList<string> ReadWords(string text) =>
        text == Empty ? [] : JsonSerializer.Deserialize(text, Default.IReadOnlyListString)!;

    internal static IReadOnlyList<BuildFile> ReadFiles(string text) =>
        text == Empty ? [] : JsonSerializer.Deserialize(text, Default.IReadOnlyListBuildFile)!;
}
