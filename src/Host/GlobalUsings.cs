global using Skep.Model;
